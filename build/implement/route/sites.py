# SPDX-License-Identifier: Apache-2.0
"""LUT6 sites: those that a netlist needs as nextpnr-xilinx packs it, and those that a routed design uses."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth.cells import count

Cells = Mapping[str, Mapping[str, Any]]  # of a netlist as Yosys writes it in JSON
_BESIDE = tuple(f"LUT{n}" for n in range(1, 6))  # those that another one can be beside
_INPUTS = 5  # of two LUTs in one site
_OF_SITES = ("RAM", "SRL", "LUT")
_WRITTEN = re.compile(r"^\S+\.[ABCD]LUT\.INIT\b", re.MULTILINE)


def sites_used(fasm: str) -> int:
    """LUT6 sites that a FASM file configures."""
    return len(_WRITTEN.findall(fasm))


def sites_needed(netlist: Path, top: str) -> int:
    """LUT6 sites that nextpnr-xilinx needs for a netlist, if it lets no LUTs share by itself.

    A position of a carry chain takes a site, whose halves hold the LUTs that drive S and DI, or pass on what
    drives them. A LUT with 6 inputs, or one that drives something else too, has another site. A carry that
    leaves a chain does so by a position of its own.
    """
    cells: Cells = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]["cells"]
    loads = Counter(bit for cell in cells.values() for _, bit in _pins(cell, "input"))
    drivers = {bit: cell for cell in cells.values() for _, bit in _pins(cell, "output")}
    kinds = Counter(cell["type"] for cell in cells.values() if cell["type"].startswith(_OF_SITES))
    del kinds["RAMB18E1"], kinds["RAMB36E1"]
    whole = count(kinds)["LUT"]
    chains = [cell["connections"] for cell in cells.values() if cell["type"] == "CARRY4"]
    onwards = Counter(bit for pins in chains for bit in pins["CI"])
    for pins in chains:
        for chosen, data in zip(pins["S"], pins["DI"], strict=True):
            whole += 1 - _beside(chosen, data, loads, drivers)
        whole += loads[pins["CO"][3]] > onwards[pins["CO"][3]]
    return whole


def _beside(chosen: Any, data: Any, loads: Counter[Any], drivers: Mapping[Any, Any]) -> int:
    """LUTs of a netlist that are within the site of a position of a carry chain: those of S and of DI."""
    luts = [_lut(bit, loads, drivers) for bit in (chosen, data)]
    nets = {bit for lut in luts if lut for pin, bit in _pins(lut, "input")}
    if len(nets) + luts.count(None) > _INPUTS:  # one that passes a net on has an input, too
        luts[1] = None
        if luts[0] and len(set(_pins(luts[0], "input"))) == _INPUTS:
            luts[0] = None
    return sum(lut is not None for lut in luts)


def _lut(bit: Any, loads: Counter[Any], drivers: Mapping[Any, Any]) -> Any:
    driver = drivers.get(bit)
    return driver if driver and driver["type"] in _BESIDE and loads[bit] == 1 else None


def _pins(cell: Mapping[str, Any], way: str) -> Iterator[tuple[str, int]]:
    """Pins of a direction with the number of their net; constants are none."""
    for pin, bits in cell["connections"].items():
        if cell["port_directions"][pin] == way:
            yield from ((pin, bit) for bit in bits if isinstance(bit, int))
