# SPDX-License-Identifier: Apache-2.0
"""Folding and FIFOs of graphs whose paths part and meet: the rate is that of the slowest layer."""

from __future__ import annotations

import copy
import json

import pytest
from integer_graphs import BOARD, Integers, everything, finished, folded, residual
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.resources import total
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.fold import Budget, InfeasibleError
from fpgan.build.folding.fold_and_size import fold_and_size
from fpgan.build.folding.like import fold_like
from fpgan.build.folding.size_fifos import one_word_less, period, size_fifos
from fpgan.build.report.summary import summarize


def test_a_residual_block_runs_at_the_rate_of_its_slowest_layer():
    """The skip's FIFO holds what two layers of 3x3 keep back; a word less and images wait, or stop."""
    model = folded(residual(), 600)
    depths = size_fifos(model)
    slowest = max(getCustomOp(node).get_exp_cycles() for node in model.graph.node)
    assert period(model, depths) == slowest
    less = one_word_less(model, depths)
    assert depths["fifo_3_1"] > 16 and less["fifo_3_1"] > slowest
    with pytest.raises(ValueError, match="no word can move any more after 0 images"):
        period(model, depths | {"fifo_3_1": 16})
    assert one_word_less(model, depths | {"fifo_3_1": 16})["fifo_3_1"] == 0


def test_the_fifo_of_a_skip_is_within_the_budget():
    """It takes a block RAM, which neither of the layers does."""
    g = Integers((12, 12), 8)
    main = g.linear(g.linear("image_0", 8, kernel=5, pad=2), 8, kernel=5, pad=2, out="INT4")
    lowered = lower(finished(g, g.add(main, "image_0")).model())
    limits = Budget(50_000, 0, 1)
    model, depths, _ = fold_and_size(lowered, BOARD.part, limits, 20_000, ("lut",))
    assert total(insert_streams(model, depths), BOARD.part).bram18 == 1 and max(depths.values()) > 64
    with pytest.raises(InfeasibleError, match="cycles would need BRAM18=1"):
        fold_and_size(lowered, BOARD.part, Budget(50_000, 0, 0), 20_000, ("lut",))


def test_joins_fold_with_the_target():
    lanes = []
    for target in (600, 150):
        model = folded(residual(), target)
        ops = {node.name: getCustomOp(node) for node in model.graph.node}
        assert all(op.get_exp_cycles() <= target for op in ops.values())
        lanes.append([ops[name].get_nodeattr("PE") for name in ("add_3", "threshold_3", "fork_1")])
    assert lanes == [[1, 1, 1], [4, 4, 4]]
    g = Integers((8, 8), 5)
    with pytest.raises(InfeasibleError, match="concat_1 takes 768 cycles at its widest"):
        folded(finished(g, g.concat("image_0", g.linear("image_0", 7))), 700)


def test_a_fold_is_taken_over(tmp_path):
    model = folded(everything(), 900)
    built = insert_streams(copy.deepcopy(model), size_fifos(model))
    (tmp_path / "report.json").write_text(json.dumps(summarize(built, BOARD, 300.0, 0.8)))
    again = lower(everything().model())
    fold_like(again, tmp_path)
    assert [getCustomOp(n).get_exp_cycles() for n in again.graph.node] == [
        getCustomOp(n).get_exp_cycles() for n in model.graph.node
    ]
