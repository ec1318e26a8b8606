# SPDX-License-Identifier: Apache-2.0
"""From mapped Xilinx primitives to the resources that a board's budget is counted in."""

from __future__ import annotations

from collections.abc import Mapping

# Columns of synth.json. LUT is LUT sites in all: logic, LUTRAM and SRL. CARRY counts 4-bit blocks (a CARRY8
# is two), BRAM18 halves of a block RAM.
COLUMNS = ("LUT", "FF", "CARRY", "DSP", "BRAM18", "URAM", "LUTRAM", "SRL")

_LUTRAM_SITES = {
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
    "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "RAM32X16DR8": 8, "RAM64X8SW": 8,
}  # fmt: skip

_SITES: dict[str, dict[str, int]] = {
    **{f"LUT{n}": {"LUT": 1} for n in range(1, 7)},
    **{ff: {"FF": 1} for ff in ("FDRE", "FDSE", "FDCE", "FDPE", "LDCE", "LDPE")},
    **{ram: {"LUT": n, "LUTRAM": n} for ram, n in _LUTRAM_SITES.items()},
    **{srl: {"LUT": 1, "SRL": 1} for srl in ("SRL16E", "SRLC32E")},
    "LUT6_2": {"LUT": 1},
    "INV": {"LUT": 1},
    "CARRY4": {"CARRY": 1},
    "CARRY8": {"CARRY": 2},
    "DSP48E1": {"DSP": 1},
    "DSP48E2": {"DSP": 1},
    "RAMB18E1": {"BRAM18": 1},
    "RAMB18E2": {"BRAM18": 1},
    "RAMB36E1": {"BRAM18": 2},
    "RAMB36E2": {"BRAM18": 2},
    "URAM288": {"URAM": 1},
    "URAM288_BASE": {"URAM": 1},
}
_FREE = ("MUXF7", "MUXF8", "MUXF9", "GND", "VCC")  # part of every slice


def count(cells: Mapping[str, int]) -> dict[str, int]:
    """Resources of a netlist given as primitive -> number of instances.

    Raises ValueError for a cell that is no known primitive: something was left unmapped.
    """
    totals = dict.fromkeys(COLUMNS, 0)
    for cell, instances in cells.items():
        if cell not in _SITES and cell not in _FREE:
            raise ValueError(f"{instances} cells of type {cell} are no Xilinx primitive that is counted")
        for column, sites in _SITES.get(cell, {}).items():
            totals[column] += sites * instances
    return totals


def total(layers: list[dict[str, int]]) -> dict[str, int]:
    """Column sums."""
    return {column: sum(layer[column] for layer in layers) for column in COLUMNS}


def utilization(totals: Mapping[str, int], budget: Mapping[str, int]) -> dict[str, float]:
    """Fraction of the board that is used, for each resource that the board has."""
    return {kind: totals[kind] / limit for kind, limit in budget.items() if limit}
