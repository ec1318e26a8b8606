# SPDX-License-Identifier: Apache-2.0
"""Weights that no folding has room for are refused before anything slow is done, and none that fit."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx_models import Chain

from fpgan.build.dataflow import costs
from fpgan.build.flow import build
from fpgan.build.folding import capacity as bound
from fpgan.build.folding.capacity import capacity, weight_bits
from fpgan.build.folding.fold import InfeasibleError
from fpgan.build.folding.limits import Budget
from fpgan.build.frontend.read import read_network

SHAPE = costs.DeconvShape(
    pe=1, simd=1, taps=1, weight_bits=4, act_bits=4, acc_bits=12, weight_words=1, buffer_words=0,
    narrow=False, core="lut", weight_memory="constant",
)  # fmt: skip
CASES = itertools.product(
    [("lut", "distributed"), ("lut", "block"), ("dsp", "block"), ("dsp2x", "distributed")],
    [1, 2, 4, 8], [1, 8], [1, 2, 8, 32], [1, 2, 5, 6, 7, 9, 40, 200, 513, 5000],
)  # fmt: skip


def test_no_way_to_keep_weights_takes_less():
    """The bound is one of the prices that folding goes by."""
    shapes = [replace(SHAPE, pe=pe, weight_bits=bits) for pe in (1, 64) for bits in (1, 2, 8)]
    for (core, memory), bits, act_bits, pe, words in CASES:
        kind = {"core": core, "weight_memory": memory, "weight_bits": bits, "act_bits": act_bits}
        shapes.append(replace(SHAPE, **kind, pe=pe, simd=2, weight_words=words))
    for shape in shapes:
        cost = costs.deconv_cost(shape, "DSP48E2")
        held = shape.lanes * shape.weight_bits * shape.weight_words
        assert capacity(Budget(cost.lut, cost.dsp, cost.bram18)) >= held, shape


@pytest.fixture
def file(tmp_path):
    """A layer of 64 x 64 x 3 x 3 weights of 4 bits: 147,456 bits."""
    chain = Chain((1, 64, 4, 4)).quant(0.5, 4)
    chain = chain.op("Conv", chain.weights((64, 64, 3, 3)), pads=[1] * 4).quant(0.5, 4)
    onnx.save(chain.model(), tmp_path / "wide.onnx")
    return tmp_path / "wide.onnx"


def test_it_is_said_at_once(file, tmp_path):
    said = []
    with pytest.raises(InfeasibleError) as error:
        build(file, tmp_path / "out", budget={"LUT": 900, "BRAM18": 4}, progress=said.append)
    assert said == ["reading"] and str(error.value) == (
        "no folding fits LUT=900 DSP=288 BRAM18=4: the weights bind, 147,456 bit of them; block RAM within "
        "this holds 73,728 bit and LUTs, if there were nothing else, 57,600 bit; take fewer channels or bits "
        "per weight, or a larger board, as zybo-z7-10"
    )


def test_weights_of_a_network(file):
    """A power of two may be negative in a channel whose signs are changed."""
    assert weight_bits(read_network(onnx.load(file))) == 64 * 64 * 9 * 4
    ends = [(-8, 7), (-8, 8), (-9, 7), (0, 0)]
    assert [bound._width(np.array(pair)) for pair in ends] == [4, 4, 5, 2]
