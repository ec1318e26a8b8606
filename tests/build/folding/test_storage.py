# SPDX-License-Identifier: Apache-2.0
"""Where weights live: constants, or loaded; UltraRAM is a resource of its own, which holds no constants."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.loaded import loaded_nodes, sections
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.resources import total
from fpgan.build.folding.fold import InfeasibleError, fold
from fpgan.build.folding.limits import Budget
from fpgan.build.frontend.safe_load import load_model
from fpgan.hw.boards import get_board

PART = get_board("zcu104").part


@pytest.fixture(scope="module")
def lowered(export_preset):
    return lower(integer_graph(load_model(export_preset("tiny"))))


def folded(lowered, budget, storage):
    model = copy.deepcopy(lowered)
    fold(model, PART, budget, storage=storage)
    memories = Counter(
        getCustomOp(node).get_nodeattr("weight_memory") for node in model.get_nodes_by_op_type("Deconv_rtl")
    )
    return model, memories


def test_loaded_weights_take_ultraram_within_its_budget(lowered):
    model, memories = folded(lowered, Budget(3_500, 100, 0, 6), "loaded")
    assert memories["ultra"] and 0 < total(model, PART).uram <= 6
    layers = len(model.get_nodes_by_op_type("Deconv_rtl"))
    assert len(loaded_nodes(model)) == len(sections(model)) == 2 * layers  # with thresholds
    with pytest.raises(InfeasibleError, match=r"LUT=700 DSP=0 BRAM18=0 URAM=1;"):
        folded(lowered, Budget(700, 0, 0, 1), "loaded")


def test_auto_leaves_in_constants_what_is_cheaper_there(lowered):
    model, memories = folded(lowered, Budget(50_000, 200, 100, 40), "auto")
    loaded = {node.name for node in loaded_nodes(model)}
    assert len(loaded) == memories["ultra"] < sum(memories.values())
    assert not any(name.startswith("threshold") for name in loaded)
    scarce, memories = folded(lowered, Budget(2_200, 100, 0, 8), "auto")
    assert memories["ultra"] and total(scarce, PART).uram <= 8


def test_constants_know_no_ultraram(lowered):
    with_some, memories = folded(lowered, Budget(4_000, 100, 6, 40), "rom")
    without, same = folded(lowered, Budget(4_000, 100, 6), "rom")
    assert memories == same and "ultra" not in memories and not loaded_nodes(with_some)
    assert with_some.model.SerializeToString() == without.model.SerializeToString()
