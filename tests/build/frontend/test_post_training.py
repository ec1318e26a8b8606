# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's static quantization and torch.ao's, of every kind of network: the file's own integers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from post_training import NETWORKS, exported, network, ort_static, pt2e, runtime, torch_ao
from torch import nn

from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_network

IMAGES = 4
FORMS = {  # activations, per channel, pre-processed, torch's newer exporter
    "u8": ("u8", False, True, False),
    "u8 per channel, as exported": ("u8", True, False, False),
    "s8 per channel": ("s8", True, True, True),
    "s8, as exported": ("s8", False, False, True),
}
NEWER = ("dcgan", "unet", "dense")  # which takes seconds
CASES = [(name, form) for form in FORMS for name in NETWORKS if not FORMS[form][3] or name in NEWER]


def same_integers(model):
    """Of random integers that come in, between what is read and ONNX Runtime on the file as it stands."""
    read = read_network(model)
    q = np.random.default_rng(0).choice(read.source.values, (IMAGES, *read.dims))
    x = (q * np.float32(read.source.scale)).astype(np.float32)
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    y = runtime(model, x.reshape(IMAGES, *shape[1:]))
    theirs = np.clip(np.rint(y / np.float32(read.target.scale)), read.target.low, read.target.high)
    ours = run_network(read, q, exact=True)
    assert len(np.unique(ours)) > 4
    assert np.array_equal(ours, theirs.reshape(ours.shape))
    return read


@pytest.mark.parametrize("name, form", CASES)
def test_onnx_runtimes_static_quantization(name, form, tmp_path):
    activations, per_channel, prepared, dynamo = FORMS[form]
    module, x = network(name)
    model = ort_static(exported(module, x, dynamo), x, tmp_path, activations, per_channel, prepared)
    read = same_integers(model)
    ends_in_tanh = name in ("dcgan", "residual", "dense")  # which ONNX Runtime does not quantize
    assert any("--output s8:0.0078125" in note for note in read.notes) == ends_in_tanh


@pytest.mark.parametrize(
    "kind", [nn.SiLU, nn.GELU, lambda: nn.GELU("tanh"), nn.Mish, nn.Softsign, nn.Tanhshrink]
)
def test_functions_of_several_nodes_each_quantized(kind, tmp_path):
    """A product, a quotient or a sum of two images that are both made of one: a layer of one function."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(nn.ConvTranspose2d(4, 3, 4), kind(), nn.Conv2d(3, 2, 3), nn.Sigmoid()).eval()
        x = torch.randn(8, 4, 1, 1)
    read = same_integers(ort_static(exported(module, x), x, tmp_path, "u8"))
    layers = [type(layer).__name__ for layer in read.layers]
    assert layers.count("QuantLayer") == 2 and set(layers) == {"QuantLayer", "FunctionLayer"}


@pytest.mark.parametrize("engine", ["qnnpack", "x86"])
@pytest.mark.parametrize("name", ["autoencoder", "unet", "residual", "dense"])
def test_torch_ao_in_fx_mode(name, engine):
    """torch itself cannot export a BatchNorm behind a ConvTranspose, nor a PReLU, from there."""
    module, x = network(name)
    same_integers(torch_ao(module, x, engine))


def test_torch_ao_without_a_bias():
    """torch then writes a ConvTranspose a zero bias for each input channel, not for each output channel."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(nn.ConvTranspose2d(4, 2, 4, bias=False), nn.Sigmoid()).eval()
        same_integers(torch_ao(module, torch.randn(8, 4, 1, 1), "qnnpack"))


@pytest.mark.parametrize("name, per_channel", [("autoencoder", True), ("residual", False)])
def test_pt2e_of_torchao(name, per_channel):
    """What torch's newer exporter makes of it: torchao's ops become QuantizeLinear and DequantizeLinear."""
    module, x = network(name)
    same_integers(pt2e(module, x, per_channel))
