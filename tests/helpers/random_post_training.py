# SPDX-License-Identifier: Apache-2.0
"""Random float networks, quantized after their training as ONNX Runtime and torch.ao write it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from hypothesis import strategies as st
from post_training import IMAGES, exported, ort_static, torch_ao
from torch import nn

ACTIVATIONS = {
    "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.2), "sigmoid": nn.Sigmoid, "tanh": nn.Tanh,
    "relu6": nn.ReLU6, "none": nn.Identity, "silu": nn.SiLU, "gelu": nn.GELU, "mish": nn.Mish,
    "selu": nn.SELU, "celu": nn.CELU, "softsign": nn.Softsign, "softplus": nn.Softplus,
    "hardswish": nn.Hardswish, "hardtanh": nn.Hardtanh, "logsigmoid": nn.LogSigmoid,
}  # fmt: skip


class Net(nn.Module):
    """Layers in a row; where `skip` is True the next one's image is added to, or joined with, its input."""

    def __init__(self, layers, skips):
        super().__init__()
        self.layers, self.skips = nn.ModuleList(layers), skips

    def forward(self, x):
        for layer, skip in zip(self.layers, self.skips, strict=True):
            y = layer(x)
            x = y if not skip else x + y if skip == "add" else torch.cat([x, y], 1)
        return x


@st.composite
def networks(draw):
    """A module in eval mode, and a batch of its inputs."""
    channels, size = draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 4]))
    shape, layers, skips = (channels, size, size), [], []
    for _ in range(draw(st.integers(1, 3))):
        skip = draw(st.sampled_from(["", "", "add", "join"]))
        co = channels if skip == "add" else draw(st.integers(1, 4))
        if skip or size > 4:
            groups = draw(st.sampled_from([g for g in range(1, 5) if channels % g == co % g == 0]))
            parts = [nn.Conv2d(channels, co, 3, padding=1, groups=groups, bias=draw(st.booleans()))]
        else:
            parts = [nn.ConvTranspose2d(channels, co, 4, 2, 1, bias=draw(st.booleans()))]
            size *= 2
        if draw(st.booleans()):
            parts.append(nn.BatchNorm2d(co))
        parts.append(ACTIVATIONS[draw(st.sampled_from(list(ACTIVATIONS)))]())
        layers.append(nn.Sequential(*parts))
        skips.append(skip)
        channels = channels + co if skip == "join" else co
    seed = draw(st.integers(0, 99))
    layers.append(
        nn.Sequential(
            nn.Conv2d(channels, 2, 3, padding=1), draw(st.sampled_from([nn.Tanh, nn.Sigmoid, nn.ReLU]))()
        )
    )
    return trained(Net(layers, [*skips, ""]), seed), torch.randn(
        IMAGES, *shape, generator=torch.Generator().manual_seed(seed)
    )


def trained(module, seed):
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for part in module.modules():
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                part.reset_parameters()
            if isinstance(part, nn.BatchNorm2d):
                part.weight.uniform_(-1.5, 1.5)
                part.bias.normal_()
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 2)
    return module.eval()


@st.composite
def files(draw):
    """A quantized ONNX file."""
    module, x = draw(networks())
    behind_transposed = any(
        isinstance(layer[0], nn.ConvTranspose2d) and isinstance(layer[1], nn.BatchNorm2d)
        for layer in module.layers
    )
    if not behind_transposed and draw(st.sampled_from([False, False, True])):  # else torch cannot export it
        return torch_ao(module, x, draw(st.sampled_from(["qnnpack", "x86"])))
    with tempfile.TemporaryDirectory() as folder:
        return ort_static(
            exported(module, x, opset=draw(st.sampled_from([13, 17]))), x, Path(folder),
            draw(st.sampled_from(["u8", "s8"])), draw(st.booleans()), draw(st.booleans()),
        )  # fmt: skip
