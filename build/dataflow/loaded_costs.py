# SPDX-License-Identifier: Apache-2.0
"""Resource estimates of what loads constants, and of thresholds that are loaded.

Fitted to what Yosys 0.70 makes of the modules, as in costs.py.
"""

from __future__ import annotations

from fpgan.build.dataflow.memory_costs import Cost, load_stage_cost, written_cost

_COMPARE, _STAGE = 1.3, 7.0  # LUTs per bit and besides, of a stage of the search whose memory is written
_DEEPEST = 128  # words in LUT RAM: FINN's module leaves the choice to the tool
_LOADER, _PER_SECTION = 152, 5  # of weight_loader and load_gate, and of each memory that they know


def loaded_threshold_cost(pe: int, channels: int, bits: int, out_bits: int) -> Cost:
    """As costs.threshold_cost, of thresholding_loaded: each stage passes on what is written behind it."""
    found = load_stage_cost(channels << out_bits)
    for stage in range(out_bits):
        words = channels // pe << stage
        memory = written_cost(bits, words, "distributed" if words <= _DEEPEST else "block")
        found += Cost(round(pe * (_COMPARE * bits + _STAGE + memory.lut)), bram18=pe * memory.bram18)
    return found


def loader_cost(sections: int) -> Cost:
    """What takes the file and lets images in, where `sections` memories are loaded."""
    return Cost(_LOADER + _PER_SECTION * sections) if sections else Cost(0)
