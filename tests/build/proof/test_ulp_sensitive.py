# SPDX-License-Identifier: Apache-2.0
"""Sums whose integer depends on the library: those are found that another library computes otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from onnx_models import Chain

from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_network
from fpgan.build.proof.ulp_sensitive import doubtful, notes, ulp_sensitive

SCALE = 2.0**-6  # of the output


def start(scale=0.25, channels=3):
    chain = Chain((1, 3, 6, 6), opset=13).quant(0.5, 6)
    weights = chain.weights((3, channels, 4, 4), scale=scale)
    return chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4)


def one(kind, rounding="FLOOR", scale=0.25, **attributes):
    return start(scale).op(kind, **attributes).quant(SCALE, 8, rounding=rounding)


def swish():
    """x * sigmoid(x), which an unsigned quantizer makes monotone."""
    chain = start()
    sums = chain.tensor
    return chain.op("Sigmoid").op("Mul", sums).quant(0.125, 8, signed=False, rounding="FLOOR")


def norm():
    """Small steps and many channels, since few sums are so near a step."""
    chain, rng = start(2.0**-5, 200), np.random.default_rng(3)
    parts = [rng.normal(mean, spread, 200) for mean, spread in ((1, 0.5), (0, 1), (0, 2))]
    parts.append(rng.uniform(0.01, 4, 200))
    return chain.op("BatchNormalization", *map(chain.const, parts)).quant(2.0**-12, 8)


def falling():
    """Two functions that lean each on its own, behind sums that fall in one channel."""
    chain = start()
    parts = ([1, -1, 0.5], [0, 1, 2], [1, 2, 3], [1, 4, 9])
    chain.op("BatchNormalization", *map(chain.const, parts), epsilon=0.0).op("Tanh")
    return chain.quant(SCALE, 8, rounding="FLOOR")


CASES = {
    "tanh": lambda: one("Tanh"), "tanh up": lambda: one("Tanh", "CEIL"),
    "sigmoid": lambda: one("Sigmoid", "CEIL"), "elu": lambda: one("Elu", "CEIL", alpha=0.5),
    "swish": swish, "norm": norm, "falling": falling,
}  # fmt: skip


def sums(layer, latent):
    """Accumulators (C,N) of latents (N,C,H,W)."""
    weights = torch.from_numpy(layer.linear.weights).double()
    made = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(latent).double(), weights, stride=2, padding=1
    )
    return made.numpy().astype(np.int64).transpose(1, 0, 2, 3).reshape(made.shape[1], -1)


@pytest.mark.parametrize("name", CASES)
def test_every_pixel_that_onnx_runtime_makes_otherwise_is_among_them(name):
    chain = CASES[name]()
    network = read_network(chain.model())
    latent = np.random.default_rng(0).integers(-32, 32, (2, *network.dims))
    theirs = np.rint(chain.run((latent * 0.5).astype(np.float32)) / network.target.scale)
    ours = run_network(network, latent, exact=True)
    differ = (theirs != ours).transpose(1, 0, 2, 3).reshape(ours.shape[1], -1)
    assert differ.any() and network.power_of_two
    found = doubtful(network.layers[0]).holds(sums(network.layers[0], latent))
    assert found[differ].all()
    report = ulp_sensitive(network)
    assert report["sensitive"] == report["layers"][0]["sensitive"] > 0
    assert len(notes(report)) == 1 and f"{report['sensitive']:,} of " in notes(report)[0]


def test_a_function_that_rises_and_falls():
    layer = read_network(one("Mish").model()).layers[0]
    layer = replace(layer, target=replace(layer.target, scale=2**-5, low=-128, high=127))
    low, high = layer.acc_range
    points = np.minimum(low[:, None] + np.arange((high - low).max() + 1), high[:, None])
    inside = low[:, None] + np.arange(points.shape[1]) <= high[:, None]
    right, moved = layer.step_function()(points), np.zeros(points.shape, bool)
    for sign in (-1, 1):
        functions = tuple(f.leaning(sign) if f.inexact else f for f in layer.functions)
        moved |= replace(layer, functions=functions).step_function()(points) != right
    found = doubtful(layer)
    assert (np.diff(right) < 0).any() and np.array_equal(found.holds(points), moved)
    assert found.sums == (moved & inside).sum()


@pytest.mark.parametrize("name", ["tanh", "swish", "falling"])
def test_the_count_is_that_of_every_sum_looked_at(name):
    layer = read_network(CASES[name]().model()).layers[0]
    count = sum(function.inexact for function in layer.functions)
    low, high = layer.acc_range
    points = np.minimum(low[:, None] + np.arange((high - low).max() + 1), high[:, None])
    inside = low[:, None] + np.arange(points.shape[1]) <= high[:, None]
    right, moved = layer.step_function()(points), np.zeros(points.shape, bool)
    for signs in product((-1, 1), repeat=count):
        functions = tuple(f.leaning(s) for f, s in zip(layer.functions, signs, strict=True))
        moved |= replace(layer, functions=functions).step_function()(points) != right
    found = doubtful(layer)
    assert np.array_equal(found.holds(points), moved)
    assert found.sums == (moved & inside).sum()


def test_what_every_library_computes_alike_is_never_among_them():
    network = read_network(one("LeakyRelu", alpha=0.3).model())
    assert ulp_sensitive(network) == {"reference": "PyTorch", "layers": [], "sensitive": 0}
    assert notes(ulp_sensitive(network)) == []


def test_a_build_says_so(build_preset):
    report = json.loads((build_preset("tiny") / "report.json").read_text(encoding="utf-8"))
    rows = report["ulp_sensitive"]["layers"]
    assert [row["functions"] for row in rows] == [["BatchNormalization"], ["BatchNormalization"], ["Tanh"]]
    assert sum(row["sensitive"] for row in rows) == report["ulp_sensitive"]["sensitive"]
    assert all(row["values"] > row["sensitive"] >= row["thresholds"] for row in rows)
