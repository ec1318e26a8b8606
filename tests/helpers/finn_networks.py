# SPDX-License-Identifier: Apache-2.0
"""Small networks of Brevitas', quantized and exported: what FINN's builder gets to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from torch import Tensor, nn

from fpgan.model.export import to_qonnx

IMAGES = 2
_SETTLING = 3  # passes in which scales and norms find their values


@dataclass(frozen=True)
class Network:
    """A file, images for it and what PyTorch makes of them (N,C,H,W)."""

    file: Path
    given: np.ndarray
    wanted: np.ndarray


def integers(bits: int = 8) -> nn.Module:
    return qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, bit_width=bits, return_quant_tensor=True)


def relu(bits: int = 4) -> nn.Module:
    return qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=bits, return_quant_tensor=True)


def norm(channels: int) -> nn.Module:
    """One that falls in its second channel."""
    made = nn.BatchNorm2d(channels, momentum=None)  # the average of all passes
    with torch.no_grad():
        made.weight.uniform_(0.6, 1.4)
        made.weight[1] *= -1
        made.bias.uniform_(-0.3, 0.3)
    return made


def _layer(kind: Callable[..., nn.Module], *sizes: int, **geometry: Any) -> nn.Module:
    quantized = {"weight_quant": Int8WeightPerTensorFixedPoint, "weight_bit_width": 4}
    return kind(*sizes, **{"bias": False, **quantized, **geometry})


def conv(inputs: int, outputs: int, kernel: int = 3, **geometry: Any) -> nn.Module:
    return _layer(qnn.QuantConv2d, inputs, outputs, kernel, padding=kernel // 2, **geometry)


def up(inputs: int, outputs: int) -> nn.Module:
    return _layer(qnn.QuantConvTranspose2d, inputs, outputs, 4, stride=2, padding=1)


def wave_up(inputs: int, outputs: int) -> nn.Module:
    """The same along one axis."""
    return _layer(qnn.QuantConvTranspose1d, inputs, outputs, 4, stride=2, padding=1)


def autoencoder() -> nn.Module:
    """A strided convolution down, a transposed one up."""
    down = (integers(), conv(1, 4, stride=2), norm(4), relu())
    return nn.Sequential(*down, up(4, 1), integers())


class UNet(nn.Module):
    """A skip that is added, with a quantizer behind the sum, and one whose channels stand beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.given, self.act, self.sum = integers(), relu(), relu(3)
        self.left, self.right = nn.Sequential(conv(1, 2), norm(2)), nn.Sequential(up(4, 2), norm(2))
        self.bottom = nn.Sequential(conv(2, 4, stride=2), norm(4), relu())
        self.last = nn.Sequential(conv(4, 1, 1), integers())

    def forward(self, x: Tensor) -> Tensor:
        skip = self.act(self.left(self.given(x)))
        back = self.act(self.right(self.bottom(skip)))
        joined: Tensor = self.last(torch.cat([self.act(self.sum(skip + back)), skip], 1))
        return joined


def segmentation() -> nn.Module:
    """A maximum of pixels down, a transposed convolution up, a sum per class for each pixel."""
    encoder = (integers(), conv(1, 4), norm(4), relu(), nn.MaxPool2d(2))
    return nn.Sequential(*encoder, up(4, 4), norm(4), relu(), conv(4, 2, 1), integers())


def subpixel() -> nn.Module:
    """ESPCN's: a convolution whose channels become pixels."""
    return nn.Sequential(integers(), conv(1, 4), norm(4), relu(), conv(4, 4), nn.PixelShuffle(2), integers())


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "autoencoder": autoencoder, "unet": UNet, "segmentation": segmentation, "subpixel": subpixel,
}  # fmt: skip


def exported(name: str, folder: Path, size: int = 8) -> Network:
    """One of them for images of size x size."""
    torch.manual_seed(3)
    return saved(NETWORKS[name](), torch.randn(32, 1, size, size), folder / f"{name}.onnx")


def saved(net: nn.Module, x: Tensor, file: Path) -> Network:
    """Written to a file when its scales and norms have found their values on x."""
    with torch.no_grad():
        for _ in range(_SETTLING):
            net(x)
        onnx.save(to_qonnx(net.eval(), x[:1], file.stem), str(file))
        y = net(x[:IMAGES])
        return Network(file, x[:IMAGES].numpy(), (getattr(y, "value", y)).numpy())


def of_generator(file: Path) -> Network:
    """A generator that `fpgan export` wrote, with its golden vectors."""
    golden = np.load(file.with_suffix(".golden.npz"))
    given, wanted = ((golden[name] * golden[f"{name}_scale"]).astype(np.float32)[:IMAGES]
                     for name in ("latent", "image"))  # fmt: skip
    return Network(file, given, wanted)
