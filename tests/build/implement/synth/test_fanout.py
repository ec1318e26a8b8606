# SPDX-License-Identifier: Apache-2.0
"""Nets with many loads: counted in netlists, and cut by copies of what drives them."""

from __future__ import annotations

from typing import Any

import pytest

from fpgan.build.implement.synth.fanout import REGISTERS, Net, split, widest


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
    """What drives many copies is copied in its turn, and an input that drives many is passed on."""
    module = netlist(50)
    split(module, 4)
    assert widest(module).loads == 4 and levels(module) == [2] * 50


def test_only_drivers_of_the_kinds_asked_for_are_copied() -> None:
    """The router's netlist copies registers oftener than logic."""
    module = netlist(300)
    assert split(module, 100, {"LUT1", "port"}) == 0 and widest(module).loads == 300
    assert split(module, 100, REGISTERS) == 2 and widest(module).loads == 100


@pytest.mark.parametrize("kind", ["CARRY4", "RAMB18E1", "port"])
def test_what_cannot_be_copied_is_passed_on(kind: str) -> None:
    """The ready of a wide word's register was an input with 905 loads."""
    module = netlist(300, "CARRY4" if kind == "port" else kind)
    if kind == "port":
        module["cells"]["driver"]["connections"]["Q"] = [999]
    assert widest(module) == Net("q[0]", kind, 300)
    assert split(module, 100) == 3 and widest(module).loads == 100
    del module["cells"]["driver"]
    assert levels(module) == [1] * 300


def levels(module: dict[str, Any]) -> list[int]:
    """How many drivers lie one behind the other before each load, no net of which two drive."""
    drivers: dict[int, dict[str, Any]] = {}
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "output":
                assert bits[0] not in drivers
                drivers[bits[0]] = cell
    found = []
    for load in (cell for name, cell in module["cells"].items() if name.startswith("load")):
        bit, depth = load["connections"]["I0"][0], 0
        while cell := drivers.get(bit):
            bit, depth = cell["connections"]["D" if cell["type"] == "FDRE" else "I0"][0], depth + 1
        found.append(depth)
    return found
