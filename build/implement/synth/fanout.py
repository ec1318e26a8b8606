# SPDX-License-Identifier: Apache-2.0
"""Loads of the nets of a mapped netlist (Yosys' JSON), and copies of drivers that have too many.

What cannot be copied (an input port, a carry chain, a block RAM) drives LUTs that pass it on instead.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 128  # loads of a net after split; Vivado is given max_fanout attributes instead
_CLOCKS = frozenset(("C", "CLK", "WCLK", "CLKARDCLK", "CLKBWRCLK", "RDCLK", "WRCLK"))
REGISTERS = frozenset(("FDRE", "FDSE", "FDCE", "FDPE"))
_COPIED = frozenset(("INV", *(f"LUT{n}" for n in range(1, 7)))) | REGISTERS

Module = dict[str, Any]  # of a netlist: ports, cells, netnames
Pin = tuple[str, str, int]  # cell, port, bit of the port


@dataclass(frozen=True)
class Net:
    """A net by its shortest name, the kind of cell that drives it ("port" for an input), and its loads."""

    name: str
    driver: str
    loads: int


def widest(module: Module) -> Net:
    """The net with the most loads, clock pins not counted."""
    loads, drivers = _connections(module)
    bit = max(loads, key=lambda one: len(loads[one]), default=None)
    if bit is None:
        return Net("", "port", 0)
    names = [
        f"{name}[{net['bits'].index(bit)}]" for name, net in module["netnames"].items() if bit in net["bits"]
    ]
    cell = drivers.get(bit)
    return Net(min(names, key=len), module["cells"][cell]["type"] if cell else "port", len(loads[bit]))


def largest(netlist: Path, top: str) -> dict[str, Any]:
    """`fanout` of a layer of synth.json: the net of the mapped netlist with the most loads."""
    net = widest(json.loads(netlist.read_text(encoding="utf-8"))["modules"][top])
    return {"loads": net.loads, "net": net.name}


def split(module: Module, limit: int = LIMIT, kinds: Container[str] | None = None) -> int:
    """Give each net but clocks at most `limit` loads, by copies of the driver or LUTs that pass it on.

    kinds: of drivers, whose nets alone are split; left out, all. Loads stay together in the netlist's order,
    which is that of the words' bits and of the channels. Returns the number of cells that were added.
    """
    copies = 0
    for _ in range(8):  # a copy of a driver is one more load of what drives it
        made = _split_once(module, limit, kinds)
        copies += made
        if not made:
            break
    return copies


def _split_once(module: Module, limit: int, kinds: Container[str] | None) -> int:
    loads, drivers = _connections(module)
    fresh = 1 + max(bit for net in module["netnames"].values() for bit in net["bits"] if isinstance(bit, int))
    first = fresh
    for bit, pins in loads.items():
        if len(pins) <= limit:
            continue
        driver = drivers.get(bit, "")
        kind = module["cells"][driver]["type"] if driver else "port"
        if kinds is not None and kind not in kinds:
            continue
        copied = kind in _COPIED
        parts = -(-len(pins) // limit)
        share = -(-len(pins) // parts)
        for start in range(share if copied else 0, len(pins), share):
            if copied:
                _copy(module, driver, bit, fresh)
            else:
                _pass_on(module, bit, fresh)
            for cell, port, index in pins[start : start + share]:
                module["cells"][cell]["connections"][port][index] = fresh
            fresh += 1
    return fresh - first


def _copy(module: Module, driver: str, bit: int, fresh: int) -> None:
    """One more cell like `driver`, whose output is the net `fresh` in place of `bit`."""
    cell = module["cells"][driver]
    name = f"{driver}$copy{fresh}"
    module["cells"][name] = {
        **cell,
        "connections": {
            port: [fresh if one == bit and cell["port_directions"][port] == "output" else one for one in bits]
            for port, bits in cell["connections"].items()
        },
    }
    module["netnames"][f"{name}$out"] = {"hide_name": 1, "bits": [fresh], "attributes": {}}


def _pass_on(module: Module, bit: int, fresh: int) -> None:
    """A LUT that drives the net `fresh` with what the net `bit` is."""
    name = f"$pass{fresh}"
    module["cells"][name] = {
        "hide_name": 1, "type": "LUT1", "parameters": {"INIT": "10"}, "attributes": {},
        "port_directions": {"I0": "input", "O": "output"}, "connections": {"I0": [bit], "O": [fresh]},
    }  # fmt: skip
    module["netnames"][f"{name}$out"] = {"hide_name": 1, "bits": [fresh], "attributes": {}}


def _connections(module: Module) -> tuple[dict[int, list[Pin]], dict[int, str]]:
    """Of each net: the pins that it loads, and the cell that drives it."""
    loads, drivers = defaultdict[int, list[Pin]](list), dict[int, str]()
    for name, cell in module["cells"].items():
        directions = cell["port_directions"]
        for port, bits in cell["connections"].items():
            if directions[port] == "output":
                drivers.update((bit, name) for bit in bits if isinstance(bit, int))
            elif port not in _CLOCKS:
                for index, bit in enumerate(bits):
                    if isinstance(bit, int):
                        loads[bit].append((name, port, index))
    return loads, drivers
