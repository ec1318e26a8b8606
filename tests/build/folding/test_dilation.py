# SPDX-License-Identifier: Apache-2.0
"""Dilated layers: they take their own taps' weights and steps, and no fold of two taps in one bank."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.folding.options import LayerOptions
from fpgan.hw.boards import get_board
from fpgan.hw.geometry import Axis


def deconv(kind, dilation, style="subpixel"):
    """A layer of 4 to 6 channels, kernel 3, on 8x8 pixels, which it leaves as many."""
    chain = Chain((1, 4, 8, 8)).quant(0.5, 4)
    weights = chain.weights((4, 6, 3, 3) if kind == "ConvTranspose" else (6, 4, 3, 3))
    chain.op(kind, weights, dilations=[dilation] * 2, pads=[dilation] * 4)
    model = lower(integer_graph(chain.quant(0.5, 4).model()), style)
    return model, getCustomOp(model.graph.node[0])


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_a_dilated_layer_costs_its_own_taps(kind):
    (_, plain), (_, dilated) = deconv(kind, 1), deconv(kind, 2)
    assert dilated.geometry.out_shape == plain.geometry.out_shape == (8, 8)
    assert dilated.shape().weight_words == plain.shape().weight_words == 9 * 4 * 6
    assert dilated.get_nodeattr("useful_macs") == plain.get_nodeattr("useful_macs")
    met = sum(len(taps) for taps in dilated.geometry.rows.taps) ** 2  # fewer at wider borders
    assert dilated.get_exp_cycles() == 4 * 6 * met < plain.get_exp_cycles()


def test_folds_read_each_tap_from_a_bank_of_its_own():
    """Of 3 taps 2 pixels apart: all at once, or one; two would lie in the same bank."""
    model, op = deconv("Conv", 2)
    options = LayerOptions(model, op.onnx_node, get_board("ultra96").part, ("lut",)).options
    assert {o.taps for o in options} == {(a, b) for a in (1, 3) for b in (1, 3)}
    assert min(o.cycles for o in options) == 64  # a pixel each
    # With zeros between the pixels of a transposed convolution its taps are as far apart again.
    assert deconv("ConvTranspose", 2, "zero_insert")[1].geometry.rows.reach == 2


@pytest.mark.parametrize(
    ("stride", "dilation", "apart", "reach"),
    [(2, 1, 2, 1), (1, 3, 1, 3), (4, 6, 2, 3), (2, 4, 1, 2), (3, 2, 3, 2)],
)
def test_taps_of_an_axis(stride, dilation, apart, reach):
    """Against the relation itself, and the blocks against the taps."""
    axis = Axis(7, 5, stride, 3, 12, step=2, dilation=dilation)
    assert (axis.apart, axis.reach) == (apart, reach)
    for o, taps in enumerate(axis.taps):
        pairs = [(k, i) for k in range(5) for i in range(7) if o * 2 + 3 == i * stride + k * dilation]
        assert list(taps) == pairs
        assert all(b[0] - a[0] == apart and a[1] - b[1] == reach for a, b in pairwise(taps))
    for par in axis.pars:
        blocks = axis.weight_blocks(par)
        assert sorted(k for block in blocks for k in block if k is not None) == list(range(5))
        assert prod((len(blocks), par)) >= 5
        held = axis.held(par)
        for o, taps in enumerate(axis.taps):
            low = (0, *axis.released(par))[o]
            assert all(low <= i < min(axis.needed(par)[o], low + held) for _, i in taps)
