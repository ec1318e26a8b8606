# SPDX-License-Identifier: Apache-2.0
"""Nets with many loads: counted in netlists, and cut by copies of what drives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fpgan.build.bench.designs import BenchDesign, all_designs
from fpgan.build.bench.networks import Networks
from fpgan.build.flow import build
from fpgan.build.implement.synth.fanout import MOST_LOADS, Net, split, widest
from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.design import Design


def netlist(loads: int, kind: str = "FDRE") -> dict[str, Any]:
    """A driver (net 2), from an input (net 1) and a clock, of that many LUTs."""
    ports = {"D" if kind == "FDRE" else "CI": [1], "C": [0], "Q": [2]}
    cells = {"driver": _cell(kind, ports, "Q")}
    cells |= {f"load{i}": _cell("LUT1", {"I0": [2], "O": [3 + i]}, "O") for i in range(loads)}
    nets = {"in": [1], "clock": [0], "q": [2], "out": list(range(3, 3 + loads))}
    return {"cells": cells, "netnames": {name: {"bits": bits} for name, bits in nets.items()}}


def _cell(kind: str, pins: dict[str, list[int]], out: str) -> dict[str, Any]:
    directions = {pin: "output" if pin == out else "input" for pin in pins}
    return {"type": kind, "port_directions": directions, "connections": pins}


def test_a_driver_with_too_many_loads_gets_equal_copies() -> None:
    """Each load once, in the netlist's order, at a copy with the same inputs; clock pins are not counted."""
    module = netlist(300)
    assert widest(module) == Net("q[0]", "FDRE", 300)
    assert split(module, 100) == 2
    drivers = [cell for cell in module["cells"].values() if cell["type"] == "FDRE"]
    assert [driver["connections"]["D"] for driver in drivers] == [[1]] * 3
    driven = [module["cells"][f"load{i}"]["connections"]["I0"][0] for i in range(300)]
    assert driven == [net for driver in drivers for net in driver["connections"]["Q"] for _ in range(100)]
    assert widest(module).loads == 100


def test_copies_of_copies() -> None:
    """What drives many copies is copied in its turn."""
    module = netlist(50)
    assert split(module, 4) == 12 and widest(module) == Net("in[0]", "port", 13)


def test_what_cannot_be_copied_is_counted() -> None:
    module = netlist(300, "CARRY4")
    assert split(module, 100) == 0 and widest(module) == Net("q[0]", "CARRY4", 300)


@pytest.mark.slow
@pytest.mark.parametrize("row", all_designs(), ids=lambda row: row.name)
def test_no_net_of_the_bench_has_too_many_loads(row: BenchDesign, tmp_path: Path) -> None:
    """Every layer of every design, mapped: minutes to an hour each."""
    out = tmp_path / "build"
    model = Networks(tmp_path, vectors=8).model(row, lambda _: None)
    cores = {"cores": row.cores} if row.cores else {}
    build(model, out, board=row.board, max_utilization=row.max_utilization, target_fps=row.target_fps,
          budget=row.budget, **cores)  # fmt: skip
    design = Design.load(out)
    for layer in design.layers:
        synth_module(design.rtl, list(layer.sources), layer.module, design.family, tmp_path / "work")
        mapped = json.loads((tmp_path / "work" / f"{layer.module}.json").read_text())
        assert widest(mapped["modules"][layer.module]).loads <= MOST_LOADS, layer.name
