# SPDX-License-Identifier: Apache-2.0
"""Estimates of what is loaded and of what loads it, against what Yosys makes of the modules."""

from __future__ import annotations

import pytest
from module_resources import load

from fpgan.build.dataflow.loaded_costs import loaded_threshold_cost, loader_cost
from fpgan.build.dataflow.memory_costs import Cost, load_stage_cost, loaded_cost, written_cost

ROWS = load()


def rows(module: str):
    return [row for row in ROWS if row.module == module]


@pytest.mark.parametrize("row", rows("weight_ram"), ids=lambda row: row.name)
def test_memories(row):
    width, depth, style = (row.parameters.get(key, "distributed") for key in ("WIDTH", "DEPTH", "STYLE"))
    found = written_cost(width, depth, style)
    assert found.bram18 == row.figures["BRAM18"] and abs(found.lut - row.figures["LUT"]) <= 0.05 * width


@pytest.mark.parametrize(
    ("width", "depth", "urams", "lut"),
    [(144, 4096, 2, 0), (100, 9000, 6, 100), (72, 300, 1, 0), (73, 300, 1, 9), (145, 2048, 2, 11),
     (144, 2049, 2, 0), (5120, 1664, 36, 11)],
)  # fmt: skip
def test_ultraram_is_72_bits_by_4096_words_of_two_ports(width, depth, urams, lut):
    assert written_cost(width, depth, "ultra") == Cost(lut, uram=urams)
    assert loaded_cost(width, depth, "ultra") == Cost(lut, uram=urams) + load_stage_cost(depth)


@pytest.mark.parametrize("row", rows("thresholding_loaded"), ids=lambda row: row.name)
def test_thresholds(row):
    p = row.parameters
    found = loaded_threshold_cost(p.get("PE", 1), p["C"], p["WT"], p["N"].bit_length())
    assert abs(found.lut / row.figures["LUT"] - 1) < 0.1 and found.bram18 == row.figures["BRAM18"]


@pytest.mark.parametrize("row", rows("weight_loader"), ids=lambda row: row.name)
def test_the_loader(row):
    gate = rows("load_gate")[0].figures["LUT"]
    sections = row.parameters["SECTIONS"]
    assert abs(loader_cost(sections).lut - row.figures["LUT"] - gate) < 12
    assert loader_cost(0) == Cost(0) and loader_cost(sections).lut < 200
    for stage in rows("load_words"):
        assert abs(load_stage_cost(stage.parameters["DEPTH"]).lut - stage.figures["LUT"]) <= 2
