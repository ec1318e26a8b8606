# SPDX-License-Identifier: Apache-2.0
"""The folding optimizer against brute force, and FIFO depths that hold the rate."""

from __future__ import annotations

import itertools

import pytest
from qonnx.custom_op.registry import getCustomOp

from fpgan.build import schedule
from fpgan.build.passes.fold import Budget, InfeasibleError, _options, _stream_cost, fold
from fpgan.build.passes.integer_graph import integer_graph
from fpgan.build.passes.lower import lower
from fpgan.build.passes.read_qonnx import load
from fpgan.build.passes.size_fifos import size_fifos
from fpgan.build.passes.streams import insert_streams
from fpgan.hw.boards import get_board

PART = get_board("ultra96").part


@pytest.fixture
def unfolded(export_preset):
    path = export_preset("tiny")
    return lambda style="subpixel": lower(integer_graph(load(path)), style)


def brute_force(model, budget):
    """Smallest cycle count for which some combination of foldings fits the budget."""
    nodes = [n for n in model.graph.node if n.op_type == "Deconv_rtl"]
    options = [_options(n, "DSP48E2") for n in nodes]
    floor = max(min(o.cycles for o in layer) for layer in options)
    for target in sorted({o.cycles for layer in options for o in layer if o.cycles >= floor}):
        costs = []
        for node, layer in zip(nodes, options, strict=True):
            allowed = [o for o in layer if o.cycles <= target]
            extra = [_stream_cost(model, node, o, target) for o in allowed]
            costs.append(
                {
                    tuple(getattr(o.cost, k) + getattr(e, k) for k in ("lut", "dsp", "bram18"))
                    for o, e in zip(allowed, extra, strict=True)
                }
            )
        for combination in itertools.product(*costs):
            if all(
                sum(c) <= b
                for c, b in zip(zip(*combination, strict=True), vars(budget).values(), strict=True)
            ):
                return target
    return None


@pytest.mark.parametrize("budget", [(2500, 0, 20), (2500, 20, 20), (4000, 6, 4), (9000, 40, 0), (1000, 5, 5)])
def test_fastest_design_is_brute_forces(unfolded, budget):
    limits, model = Budget(*budget), unfolded()
    expected = brute_force(model, limits)
    if expected is None:
        with pytest.raises(InfeasibleError):
            fold(unfolded(), PART, limits)
        return
    folded = fold(unfolded(), PART, limits)
    deconvs = [getCustomOp(n) for n in folded.graph.node if n.op_type == "Deconv_rtl"]
    assert max(op.get_exp_cycles() for op in deconvs) == expected


def test_a_slower_target_takes_fewer_lanes(unfolded):
    lanes = []
    for target in (1000, 4000):
        folded = fold(unfolded(), PART, Budget(50_000, 200, 100), target)
        ops = [getCustomOp(n) for n in folded.graph.node if n.op_type == "Deconv_rtl"]
        assert all(op.get_exp_cycles() <= target for op in ops)
        lanes.append(sum(op.get_nodeattr("PE") * op.get_nodeattr("SIMD") for op in ops))
    assert lanes[1] < lanes[0]


@pytest.mark.parametrize("style", ["subpixel", "zero_insert"])
@pytest.mark.parametrize("target", [700, 3500])
def test_fifos_hold_the_rate_of_the_slowest_layer(unfolded, style, target):
    try:
        folded = fold(unfolded(style), PART, Budget(50_000, 200, 100), target)
    except InfeasibleError:
        folded = fold(unfolded(style), PART, Budget(50_000, 200, 100))
    slowest = max(getCustomOp(n).get_exp_cycles() for n in folded.graph.node)
    model = insert_streams(folded, size_fifos(folded))
    ends = schedule.run(model, images=6)
    assert ends[-1] - ends[-2] == slowest


def test_stream_widths_agree(unfolded):
    folded = fold(unfolded("zero_insert"), PART, Budget(50_000, 200, 100))
    model = insert_streams(folded)
    for before, after in itertools.pairwise(model.graph.node):
        assert getCustomOp(before).get_outstream_width() == getCustomOp(after).get_instream_width()
        assert after.input[0] == before.output[0]
