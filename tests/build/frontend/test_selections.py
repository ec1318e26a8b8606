# SPDX-License-Identifier: Apache-2.0
"""Pixels picked and blended: Resize, Pad and Slice against ONNX Runtime; what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from joined_models import STEP, compared, conv
from onnx_models import Chain
from torch import nn

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.network import QuantLayer
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.select_layer import SelectLayer
from fpgan.build.proof.golden_vectors import run_network

MODES = ("asymmetric", "half_pixel", "pytorch_half_pixel")


def start(shape=(1, 2, 4, 5), style="qcdq"):
    return Chain(shape, style, opset=19).quant(STEP, 4)


def resized(chain, factors, mode, coordinates="half_pixel", **more):
    scales = chain.const([1, 1, *factors])
    return chain.op("Resize", "", scales, mode=mode, coordinate_transformation_mode=coordinates, **more)


@pytest.mark.parametrize("coordinates", MODES)
@pytest.mark.parametrize("factors", [(2, 2), (4, 1)])
def test_linear_by_powers_of_two(coordinates, factors):
    network = compared(resized(start(), factors, "linear", coordinates).quant(STEP / 4, 6))
    assert [type(layer) for layer in network.layers] == [SelectLayer, QuantLayer]
    assert network.layers[1].linear.groups == 2


@pytest.mark.parametrize("factors", [(3, 5), (6, 1), (2, 7)])
def test_linear_by_other_factors(factors):
    """Whole sums that meet one scale, against PyTorch in float64."""
    network = read_network(resized(start(), factors, "linear").quant(STEP / 4, 6).model())
    q = np.random.default_rng(0).integers(-8, 8, (2, *network.dims))
    wanted = F.interpolate(torch.from_numpy(q * STEP), scale_factor=factors, mode="bilinear")
    sums = wanted.numpy() * 4 / STEP
    away = np.abs(sums - np.floor(sums) - 0.5) > 1e-6  # from a tie, which one scale may round otherwise
    made = run_network(network, q, exact=True)
    assert np.array_equal(made[away], np.clip(np.rint(sums), -32, 31)[away]) and away.mean() > 0.9


@pytest.mark.parametrize("coordinates", ["asymmetric", "half_pixel", "align_corners"])
@pytest.mark.parametrize("rounding", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
@pytest.mark.parametrize("factors", [(0.5, 0.2), (1.5, 2.2), (3, 0.75)])
def test_nearest_by_any_factor(coordinates, rounding, factors):
    chain = resized(start((1, 2, 8, 10)), factors, "nearest", coordinates, nearest_mode=rounding)
    assert any(isinstance(layer, SelectLayer) for layer in compared(conv(chain, 2, 2).quant(STEP, 4)).layers)


def test_nearest_as_pytorch_exports_it():
    """interpolate to half the size; and to another layer's, which is no multiple."""
    for size in ((2, 2), (7, 9)):
        chain = start((1, 2, 4, 5))
        sizes = chain.const([1, 2, *size], np.int64)
        attributes = {
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
            "mode": "nearest",
        }
        network = compared(chain.op("Resize", "", "", sizes, **attributes))
        q = np.random.default_rng(0).integers(-8, 8, (1, *network.dims))
        wanted = F.interpolate(torch.from_numpy(q * 1.0), size=size, mode="nearest")
        assert np.array_equal(run_network(network, q, exact=True), wanted.numpy())


@pytest.mark.parametrize(
    ("mode", "module"),
    [("reflect", nn.ReflectionPad2d), ("edge", nn.ReplicationPad2d), ("wrap", nn.CircularPad2d)],
)
def test_borders(mode, module):
    chain = start((1, 2, 5, 4))
    chain.op("Pad", chain.const([0, 0, 2, 1, 0, 0, 3, 3], np.int64), mode=mode)
    chain.op("Conv", chain.weights((2, 2, 3, 3))).quant(STEP, 4)
    network = compared(chain)
    picked = network.layers[0]
    q = torch.arange(40.0).reshape(1, 2, 5, 4)
    assert torch.equal(picked.run([q], True), module((1, 3, 2, 3))(q))


def test_every_second_column_backwards():
    chain = start((1, 2, 7, 6))
    indices = [chain.const(v, np.int64) for v in ([1, -1], [100, -100], [2, 3], [2, -2])]
    assert compared(chain.op("Slice", *indices)).layers[0].dims == (2, 3, 3)


def test_behind_work_that_waits_and_a_branch():
    """Upsampling becomes a layer of its own; another reader of the image has its own pixels."""
    chain = start((1, 2, 3, 3), "qonnx")
    image = chain.tensor
    chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 2]), mode="nearest",
             coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    chain.op("Pad", chain.const([0, 0, 1, 1, 0, 0, 1, 1], np.int64), mode="reflect")
    chain.op("Conv", chain.weights((2, 2, 3, 3))).quant(STEP, 4)
    one, chain.tensor = chain.tensor, image
    chain.op("ConvTranspose", chain.weights((2, 2, 4, 4)), strides=[2, 2], pads=[1] * 4).quant(STEP, 4)
    chain.op("Add", one).quant(STEP, 5)
    kinds = [type(layer).__name__ for layer in compared(chain).layers]
    assert sorted(kinds) == [*["QuantLayer"] * 3, "SelectLayer", "SumLayer"]


REFUSED = {
    "corners": (
        lambda c: resized(c, (2, 2), "linear", "align_corners"),
        r"align_corners has weights that differ from pixel to pixel; half_pixel",
    ),
    "cubic": (lambda c: resized(c, (2, 2), "cubic"), "mode cubic; nearest and linear are supported"),
    "by 1.5": (lambda c: resized(c, (1.5, 2), "linear"), r"linear by factors \[1.5, 2.0\]; whole ones"),
    "by 32": (lambda c: resized(c, (32, 32), "linear"), r"weights up to 3969; at most 512 is supported"),
    "crop and resize": (
        lambda c: resized(c, (0.5, 2), "nearest", "tf_crop_and_resize"),
        "coordinates tf_crop_and_resize; asymmetric, half_pixel",
    ),
    "nothing left": (lambda c: resized(c, (0.1, 1), "nearest"), "factor 0.1 of 4 pixels; 1 to 8192 pixels"),
    "mirror": (
        lambda c: c.op("Pad", c.const([0, 0, 4, 0, 0, 0, 0, 0], np.int64), mode="reflect"),
        r"pads \(4, 0, 0, 0\) with mode reflect around 4 pixels",
    ),
    "between": (
        lambda c: conv(c, 2, 2).op("Pad", c.const([0, 0, 1, 0, 0, 0, 0, 0], np.int64), mode="edge"),
        "no quantizer between this and conv",
    ),
    "channels": (
        lambda c: c.op("Slice", *[c.const([v], np.int64) for v in (0, 2, 1, 2)]),
        "keeps 1 of 2 along C; rows and columns",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    change, message = REFUSED[case]
    with pytest.raises(UnsupportedError, match=message):
        read_network(conv(change(start()), 2, 2).quant(STEP, 4).model())
