# SPDX-License-Identifier: Apache-2.0
"""An estimate of the longest register-to-register path of a netlist that is mapped but not placed.

It is no sign-off: nothing is routed, so every wire is given a delay from its fan-out. The cell delays are
round figures for the slowest speed grade, of the order that the data sheets print (7-series: DS187,
UltraScale+: DS925).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOW = (
    "estimate: longest path over the mapped, unplaced netlist, round cell delays of the slowest speed grade, "
    "wire delay from fan-out; not a place-and-route result"
)


@dataclass(frozen=True)
class Delays:
    """Delays in ns."""

    lut: float
    carry_in: float  # onto a carry chain
    carry_step: float  # through one 4-bit block
    carry_out: float  # off the chain, with the sum's XOR
    mux: float  # MUXF7, MUXF8
    ff_out: float
    ff_setup: float
    block_out: float  # block RAM, DSP and UltraRAM with output registers off the chip's fast path
    block_setup: float
    wire: float  # fan-out 1
    wire_per_doubling: float


DELAYS = {
    "xc7": Delays(0.124, 0.40, 0.117, 0.30, 0.22, 0.518, 0.10, 0.90, 0.50, 0.45, 0.07),
    "xcup": Delays(0.110, 0.20, 0.030, 0.15, 0.10, 0.140, 0.06, 0.55, 0.35, 0.28, 0.04),
}

_SEQUENTIAL = ("FD", "DSP", "RAMB", "URAM", "LD")
_CLOCK, _FAST_CLOCK = "ap_clk", "ap_clk2x"
_CLOCKS = ("C", "CLK", "WCLK", "CLKARDCLK", "CLKBWRCLK")
_DEDICATED = -1  # level of an arc that a carry chain's own wire enters, without fabric route


@dataclass
class _Graph:
    """Timing graph over net bits: arcs (source bit -> driven bit, delay, levels), starts and ends."""

    arcs: dict[int, list[tuple[int, float, int]]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[int, float] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    fast_starts: set[int] = field(default_factory=set)  # those of registers at twice the clock
    fast_ends: dict[int, float] = field(default_factory=dict)
    registers: dict[int, int] = field(default_factory=dict)  # end -> output of the register that it enters
    fanout: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def longest_path(netlist: Path, top: str, family: str) -> dict[str, float | int | str]:
    """The longest register-to-register path; ports count as registers.

    Returns {"ns", "levels" (LUTs and carry chains entered), "start", "end" (nets of
    the registers)}. A path that starts or ends at a register on ap_clk2x counts twice: it has half the
    period. Loops are cut.
    """
    delays, module = DELAYS[family], json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]
    graph = _build(module, delays)
    # net bit -> (arrival in ns, levels, bit that it started from)
    worst, end = (0.0, 0, -1), -1
    order = _topological(graph)
    for fast in (False, True):
        arrival = {
            bit: (ns, 0, bit) for bit, ns in graph.starts.items() if (bit in graph.fast_starts) == fast
        }
        for bit in order:
            if bit not in arrival:
                continue
            here, levels, start = arrival[bit]
            wire = delays.wire + delays.wire_per_doubling * math.log2(max(graph.fanout[bit], 1))
            for target, delay, level in graph.arcs.get(bit, ()):
                leave = here if level == _DEDICATED else here + wire
                reached = (leave + delay, levels + max(level, 0), start)
                arrival[target] = max(arrival.get(target, reached), reached)
            for ends, share in ((graph.ends, 1 + fast), (graph.fast_ends, 2)):
                path = (share * (here + wire + ends.get(bit, 0.0)), levels, start)
                if bit in ends and path > worst:
                    worst, end = path, bit
    return {
        "ns": round(worst[0], 3),
        "levels": worst[1],
        "start": _net_name(module, worst[2]),
        "end": _net_name(module, graph.registers.get(end, end)),
    }


def _net_name(module: dict[str, Any], bit: int) -> str:
    """The shortest name of a net bit, names from the sources first; "" for none."""
    names = [
        (net.get("hide_name", 0), len(name), name)
        for name, net in module.get("netnames", {}).items()
        if bit in net["bits"]
    ]
    return min(names)[2] if names else ""


def _build(module: dict[str, Any], delays: Delays) -> _Graph:
    graph = _Graph()
    fast_clock = set(_nets(module["ports"].get(_FAST_CLOCK, {"bits": []})["bits"]))
    for name, port in module["ports"].items():
        if name in (_CLOCK, _FAST_CLOCK):
            continue
        for bit in _nets(port["bits"]):
            if port["direction"] == "input":
                graph.starts[bit] = delays.ff_out
            else:
                graph.ends[bit] = delays.ff_setup
                graph.fanout[bit] += 1
    for cell in module["cells"].values():
        _add_cell(graph, cell, delays, fast_clock)
    return graph


def _nets(bits: list[int | str]) -> list[int]:
    return [bit for bit in bits if isinstance(bit, int)]


def _add_cell(graph: _Graph, cell: dict[str, Any], delays: Delays, fast_clock: set[int]) -> None:
    kind, pins = cell["type"], cell["connections"]
    fast = any(bit in fast_clock for pin in _CLOCKS for bit in pins.get(pin, []))
    ends = graph.fast_ends if fast else graph.ends
    inputs = {
        p: _nets(b) for p, b in pins.items() if cell["port_directions"][p] == "input" and p not in _CLOCKS
    }
    outputs = {p: b for p, b in pins.items() if cell["port_directions"][p] == "output"}
    driven = [bit for bits in outputs.values() for bit in _nets(bits)]
    for bits in inputs.values():
        for bit in bits:
            graph.fanout[bit] += 1
    if fast:
        graph.fast_starts.update(driven)
    if kind.startswith(_SEQUENTIAL):
        small = kind.startswith(("FD", "LD"))
        graph.starts.update(dict.fromkeys(driven, delays.ff_out if small else delays.block_out))
        for bits in inputs.values():
            ends.update(dict.fromkeys(bits, delays.ff_setup if small else delays.block_setup))
            graph.registers.update(dict.fromkeys(bits, driven[0] if driven else -1))
    elif kind.startswith("CARRY"):
        _add_carry(graph, pins, delays)
    elif kind.startswith(("RAM", "SRL")):
        _add_lut_memory(graph, inputs, driven, ends, delays)
    else:
        delay, level = (delays.mux, 0) if kind.startswith("MUXF") else (delays.lut, 1)
        for bits in inputs.values():
            for bit in bits:
                graph.arcs[bit] += [(target, delay, level) for target in driven]


def _add_carry(graph: _Graph, pins: dict[str, list[int | str]], delays: Delays) -> None:
    """CARRY4/CARRY8: S[i], DI[i] -> O[j], CO[j] for j >= i; CI over a dedicated wire."""
    width = len(pins["S"])
    for j in range(width):
        targets = [(bit, delays.carry_out) for bit in _nets(pins["O"][j : j + 1])]
        targets += [(bit, 0.0) for bit in _nets(pins["CO"][j : j + 1])]
        for target, off in targets:
            for i in range(j + 1):
                step = delays.carry_step * (j - i) / 4
                for bit in _nets([pins["S"][i], pins["DI"][i]]):
                    graph.arcs[bit].append((target, delays.carry_in + step + off, 1))
            for bit in _nets(pins.get("CI", [])):
                graph.arcs[bit].append((target, delays.carry_step * (j + 1) / 4 + off, _DEDICATED))


def _add_lut_memory(
    graph: _Graph,
    inputs: dict[str, list[int]],
    driven: list[int],
    ends: dict[int, float],
    delays: Delays,
) -> None:
    """LUT RAM and SRL: written at the clock, read asynchronously by address."""
    graph.starts.update(dict.fromkeys(driven, delays.ff_out + delays.lut))
    for pin, bits in inputs.items():
        address = pin.startswith(("A", "DPRA"))
        for bit in bits:
            if address:
                graph.arcs[bit] += [(target, delays.lut, 1) for target in driven]
            ends[bit] = delays.ff_setup


def _topological(graph: _Graph) -> list[int]:
    """Every net bit after those that drive it; a loop is entered at any of its bits."""
    waiting: dict[int, int] = defaultdict(int)
    for targets in graph.arcs.values():
        for target, _, _ in targets:
            waiting[target] += 1
    bits = set(graph.arcs) | set(graph.starts) | set(graph.ends) | set(waiting)
    order: list[int] = []
    seen: set[int] = set()
    for seed in sorted(bits, key=lambda bit: waiting[bit] > 0):  # those that nothing drives come first
        ready = [seed]
        while ready:
            bit = ready.pop()
            if bit in seen:
                continue
            seen.add(bit)
            order.append(bit)
            for target, _, _ in graph.arcs.get(bit, ()):
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
    return order
