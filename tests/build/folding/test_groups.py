# SPDX-License-Identifier: Apache-2.0
"""Layers of groups of channels: what they take of the hardware, and which folds they have."""

from __future__ import annotations

import json

import pytest
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.folding.channels import folds
from fpgan.build.folding.fold import fold
from fpgan.build.folding.like import fold_like
from fpgan.build.folding.limits import Budget
from fpgan.build.folding.options import LayerOptions
from fpgan.build.report.summary import summarize
from fpgan.hw.boards import get_board

BOARD = get_board("ultra96")
AMPLE = Budget(50_000, 200, 100)


def lowered(groups, style="subpixel", outputs=1):
    """One ConvTranspose of 8 channels, kernel 4, stride 2, from 4x4 to 8x8 pixels."""
    chain = Chain((1, 8, 4, 4)).quant(0.5, 4)
    weights = chain.weights((8, 8 * outputs // groups, 4, 4))
    chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4, group=groups)
    return lower(integer_graph(chain.quant(0.5, 4).model()), style)


def deconv(model):
    return getCustomOp(next(node for node in model.graph.node if node.op_type == "Deconv_rtl"))


@pytest.mark.parametrize("style", ["subpixel", "zero_insert"])
@pytest.mark.parametrize("groups", [2, 8])
def test_a_group_costs_its_own_products_and_weights(style, groups):
    """A layer of G groups: a G-th of a dense one's weights, products, and lanes at the same cycles."""
    dense, grouped = deconv(lowered(1, style)), deconv(lowered(groups, style))
    bits = dense.get_input_datatype(1).bitwidth()
    weights = [op.get_op_and_param_counts()[f"param_weight_{bits}b"] for op in (dense, grouped)]
    assert weights == [8 * 8 * 16, 8 * 8 * 16 // groups]
    assert dense.shape().weight_words == groups * grouped.shape().weight_words  # at one weight per word
    assert dense.get_nodeattr("useful_macs") == groups * grouped.get_nodeattr("useful_macs")
    assert dense.get_exp_cycles() == groups * grouped.get_exp_cycles()
    assert grouped.lanes == 1


def test_every_fold_takes_the_steps_of_its_lanes():
    """Of 4 groups of 2 to 4 channels, all inside the image: lanes x cycles are the products."""
    model = lowered(4, outputs=2)
    options = LayerOptions(model, deconv(model).onnx_node, BOARD.part, ("lut", "dsp", "dsp2x")).options
    assert {(o.pe, o.simd) for o in options} == set(folds(8, 16, 4)) == {
        (1, 1), (2, 1), (4, 1), (1, 2), (2, 2), (4, 2), (8, 4), (16, 8),
    }  # fmt: skip
    cycles = deconv(model).get_exp_cycles()
    assert all(o.lanes * o.cycles == cycles for o in options if o.taps == (1, 1))
    assert all(o.lanes * o.cycles >= cycles for o in options)


def test_groups_share_no_slice():
    """FINN's mvu packs outputs of one activation, of which a depthwise layer has but one."""
    model = lowered(8)
    options = LayerOptions(model, deconv(model).onnx_node, BOARD.part, ("dsp",)).options
    assert all(o.cost.dsp == o.lanes for o in options)


def test_a_folding_is_taken_over_or_refused(tmp_path):
    model = lowered(8)
    fold(model, BOARD.part, AMPLE, 512)
    report = summarize(model, BOARD, 100.0, 0.8)
    assert report["layers"][0]["lanes"] == deconv(model).lanes == 4
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    again = lowered(8)
    fold_like(again, tmp_path)
    assert deconv(again).get_exp_cycles() == deconv(model).get_exp_cycles() <= 512
    report["layers"][0] |= {"pe": 4, "simd": 8}
    path.write_text(json.dumps(report))
    with pytest.raises(ValueError, match="PE=4 and SIMD=8 fold no 8 groups of channels"):
        fold_like(lowered(8), tmp_path)
