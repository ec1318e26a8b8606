# SPDX-License-Identifier: Apache-2.0
"""Float modules to files that a build reads: the integers of the file are those that PyTorch computed."""

import numpy as np
import pytest
import quantize_models as models
import torch

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.network import ConcatLayer, QuantLayer, SumLayer
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import golden_vectors, run_network
from fpgan.model import quantize as package
from fpgan.model.quantize import quantize


@pytest.fixture(autouse=True)
def _no_picture(monkeypatch):
    monkeypatch.setattr(package, "save_samples", lambda network, result, path, source: path.touch())


def read(out):
    """The network as a build reads it, having found PyTorch's integers to be its own."""
    network = read_network(load_model(out / "model.onnx"))
    golden = golden_vectors(out / "model.onnx", network)
    assert golden.source == "pytorch"
    exact = run_network(network, golden.vectors.latent, exact=True)
    assert np.array_equal(exact, golden.vectors.image)
    assert len(np.unique(exact)) > 2
    integer_graph(network)  # every function can be built
    return network


CASES = {
    "seed": (models.Seed, {}),
    "functional": (models.Functional, {}),
    "wave": (models.Wave, {"shape": (1, 5, 6)}),
    "twice": (models.Twice, {}),
    "convolutions": (models.convolutions, {"shape": (1, 6, 3, 4)}),
    "features": (models.features, {}),
    "shuffled": (models.shuffled, {}),
    "borders": (models.borders, {"shape": (1, 4, 1, 1)}),
    "upsampling": (models.Upsampling, {}),
    "pixelwise": (models.pixelwise, {}),
    "residual": (models.Residual, {}),
    "skips": (models.Skips, {"shape": (1, 2, 4, 6)}),
    "activations": (models.activations, {}),
}


JOINED = ("residual", "skips", "borders")  # files have layers that no module is
OTHERS = [
    ("seed", "W8A8"),
    ("activations", "W4A8"),
    ("functional", "W2A3"),
    ("twice", "W8A2"),
    ("shuffled", "W8A8"),
    ("upsampling", "W8A8"),
]


@pytest.mark.parametrize(("name", "bits"), [*((name, "W4A4") for name in CASES), *OTHERS])
def test_integers_are_those_of_pytorch(name, bits, tmp_path):
    torch.manual_seed(0)
    make, options = CASES[name]
    result = quantize(models.trained(make()), tmp_path, bits, vectors=8, **options)
    network = read(tmp_path)
    assert list(network.dims) == result["latent"]["shape"]
    assert bits != "W8A8" or result["sqnr_db"] > 25
    linear = [row for row in result["layers"] if "weight_bits" in row]
    layers = {layer.name: layer for layer in network.layers if isinstance(layer, QuantLayer)}
    without = ("passes channels on", "linear by 2x2")
    weighted = [layer for layer in layers.values() if not set(without) & set(layer.notes)]
    if name not in JOINED:
        acts = [(layer.target.bits, layer.target.scale) for layer in network.layers]
        assert acts == [(row["act_bits"], row["act_scale"]) for row in result["layers"]]
    assert len(weighted) == len(linear)
    for row, layer in zip(linear, weighted, strict=True):
        if not layer.notes:  # upsampling sums weights up
            assert np.abs(layer.linear.weights).max() <= 2 ** (row["weight_bits"] - 1) - 1


def test_pixels_that_differ_are_regrouped_others_a_kernel(tmp_path):
    quantize(models.trained(models.Upsampling()), tmp_path, vectors=4)
    assert read(tmp_path).layers[0].regroup == (6, 3, 3)
    module = models.trained(models.Upsampling())
    with torch.no_grad():
        module.fc.bias.copy_(module.fc.bias[:6].repeat_interleave(9))
    quantize(module, tmp_path, vectors=4)
    assert read(tmp_path).layers[0].linear.kernel == (3, 3)


def test_joins_are_quantized_on_all_sides(tmp_path):
    """A sum has a quantizer in front of each image and one behind it, a concatenation too."""
    result = quantize(models.trained(models.Residual()), tmp_path, "W8A8", vectors=4)
    sums = [layer for layer in read(tmp_path).layers if isinstance(layer, SumLayer)]
    assert len(sums) == 2 and sums[1].ops == ("Add", "LeakyRelu", "Quant")
    assert [row["op"] for row in result["layers"]].count("Sum") == 2
    quantize(models.trained(models.Skips()), tmp_path, "W8A8", vectors=4, shape=(1, 2, 4, 6))
    joined = next(layer for layer in read(tmp_path).layers if isinstance(layer, ConcatLayer))
    assert [c for c, _, _ in joined.images] == [4, 3, 2]
