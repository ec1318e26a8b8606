# SPDX-License-Identifier: Apache-2.0
"""The longest register-to-register paths of a netlist that is mapped but not placed.

Cells have the delays of `delays.yaml`. What wires take depends on the whole design (`wires.py`), so a path
says what they are counted in: how many, and the doublings of their fan-outs.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth.delays import Delays, delays
from fpgan.build.implement.synth.paths import WEIGHTS, TimedPath, Weights

_SMALL = ("FD", "LD")
_BLOCKS = ("DSP", "RAMB", "URAM")
# Any other cell counts as a register: the processor system, a module whose contents are elsewhere.
_LOGIC = ("LUT", "INV", "MUXF")
_CLOCK, _FAST_CLOCK = "ap_clk", "ap_clk2x"
_CLOCKS = ("C", "CLK", "WCLK", "CLKARDCLK", "CLKBWRCLK")
_BESIDE = ("D", "S", "DI", "I0", "I1")  # pins that a LUT of the same slice drives without fabric wire
_WIRED, _BESIDE_ITS_DRIVER, _DEDICATED = range(3)  # how an arc or a setup is reached


@dataclass
class _Graph:
    """Timing graph over net bits: arcs (source -> target, delay, level, how reached), starts, ends."""

    arcs: dict[int, list[tuple[int, float, int, int]]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[int, float] = field(default_factory=dict)
    ends: dict[int, tuple[int, float]] = field(default_factory=dict)  # how reached, setup
    fast_starts: set[int] = field(default_factory=set)  # those of registers at twice the clock
    fast_ends: dict[int, tuple[int, float]] = field(default_factory=dict)
    registers: dict[int, int] = field(default_factory=dict)  # end -> output of the register that it enters
    fanout: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def end(self, bit: int, reached: tuple[int, float], fast: bool, register: int) -> None:
        """A register's input; of several that a net loads the slowest counts."""
        ends = self.fast_ends if fast else self.ends
        if bit not in ends or (-reached[0], reached[1]) > (-ends[bit][0], ends[bit][1]):
            ends[bit] = reached
            self.registers[bit] = register


# ns by the weights, ns of cells, wires, doublings of their fan-outs, levels, bit that it started from
_Arrival = tuple[float, float, int, float, int, int]


def longest_paths(netlist: Path, top: str, family: str) -> list[TimedPath]:
    """The longest register-to-register paths, one for each of WEIGHTS; ports count as registers.

    A path that starts or ends at a register on ap_clk2x counts twice: it has half the period. Loops are cut.
    """
    module = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]
    return module_paths(module, family)


def module_paths(module: dict[str, Any], family: str) -> list[TimedPath]:
    """The same of a module of a netlist."""
    graph = _build(module, delays(family))
    order, names = _topological(graph), _net_names(module)
    found = dict.fromkeys(_longest(graph, order, names, weights) for weights in WEIGHTS)
    return [path for path in found if path]


def _longest(graph: _Graph, order: list[int], names: dict[int, str], weights: Weights) -> TimedPath | None:
    worst, end = None, -1
    for fast in (False, True):
        arrival = _arrivals(graph, order, weights, fast)
        for ends, share in ((graph.ends, 1 + fast), (graph.fast_ends, 2)):
            for bit, (reached, setup) in ends.items():
                if bit not in arrival:
                    continue
                cells, wires, doublings, levels, start = arrival[bit][1:]
                wires, doublings = _over(graph, bit, reached, wires, doublings)
                path = (share * (cells + setup), share * wires, share * doublings)
                total = weights.of(*path)
                if worst is None or total > worst[0]:
                    worst, end = (total, *path, levels, start), bit
    if worst is None:
        return None
    _, cells, wires, doublings, levels, start = worst
    last = names.get(graph.registers.get(end, end), "")
    return TimedPath(round(cells, 3), wires, round(doublings, 2), levels, names.get(start, ""), last)


def _arrivals(graph: _Graph, order: list[int], weights: Weights, fast: bool) -> dict[int, _Arrival]:
    arrival: dict[int, _Arrival] = {
        bit: (ns, ns, 0, 0.0, 0, bit)
        for bit, ns in graph.starts.items()
        if (bit in graph.fast_starts) == fast
    }
    for bit in order:
        if bit not in arrival:
            continue
        _, cells, wires, doublings, levels, start = arrival[bit]
        for target, delay, level, reached in graph.arcs.get(bit, ()):
            path = (cells + delay, *_over(graph, bit, reached, wires, doublings))
            total = weights.of(*path)
            if target not in arrival or total > arrival[target][0]:
                arrival[target] = (total, *path, levels + level, start)
    return arrival


def _over(graph: _Graph, bit: int, reached: int, wires: int, doublings: float) -> tuple[int, float]:
    """Wires and doublings of fan-out with the net `bit` on the path."""
    loads = graph.fanout[bit]
    alone = reached == _BESIDE_ITS_DRIVER and loads == 1 and bit not in graph.starts
    if alone or reached == _DEDICATED:
        return wires, doublings
    return wires + 1, doublings + math.log2(max(loads, 1))


def _net_names(module: dict[str, Any]) -> dict[int, str]:
    """The shortest name of each net bit, names from the sources first."""
    best: dict[int, tuple[int, int, str]] = {}
    for name, net in module.get("netnames", {}).items():
        rank = (net.get("hide_name", 0), len(name), name)
        for bit in _nets(net["bits"]):
            best[bit] = min(best.get(bit, rank), rank)
    return {bit: rank[2] for bit, rank in best.items()}


def _build(module: dict[str, Any], known: Delays) -> _Graph:
    graph = _Graph()
    fast_clock = set(_nets(module["ports"].get(_FAST_CLOCK, {"bits": []})["bits"]))
    for name, port in module["ports"].items():
        if name in (_CLOCK, _FAST_CLOCK):
            continue
        for bit in _nets(port["bits"]):
            if port["direction"] == "input":
                graph.starts[bit] = known.ff_out
            else:
                graph.end(bit, (_WIRED, known.ff_setup), False, bit)
                graph.fanout[bit] += 1
    for cell in module["cells"].values():
        _add_cell(graph, cell, known, fast_clock)
    return graph


def _nets(bits: list[int | str]) -> list[int]:
    return [bit for bit in bits if isinstance(bit, int)]


def _add_cell(graph: _Graph, cell: dict[str, Any], known: Delays, fast_clock: set[int]) -> None:
    kind, pins = cell["type"], cell["connections"]
    fast = any(bit in fast_clock for pin in _CLOCKS for bit in pins.get(pin, []))
    inputs = {
        p: _nets(b) for p, b in pins.items() if cell["port_directions"][p] == "input" and p not in _CLOCKS
    }
    driven = [b for p, bits in pins.items() if cell["port_directions"][p] == "output" for b in _nets(bits)]
    for bits in inputs.values():
        for bit in bits:
            graph.fanout[bit] += 1
    if fast:
        graph.fast_starts.update(driven)
    if kind.startswith((*_SMALL, *_BLOCKS)):
        _add_register(graph, cell, inputs, driven, fast, known)
    elif kind.startswith("CARRY"):
        _add_carry(graph, pins, known)
    elif kind.startswith(("RAM", "SRL")):
        _add_lut_memory(graph, kind, inputs, driven, fast, known)
    elif kind.startswith(_LOGIC):
        _add_logic(graph, kind, inputs, driven, known)
    else:
        _add_register(graph, cell, inputs, driven, fast, known)


def _add_logic(
    graph: _Graph, kind: str, inputs: dict[str, list[int]], driven: list[int], known: Delays
) -> None:
    """LUTs, and the multiplexers behind those of the same slice."""
    mux = kind.startswith("MUXF")
    for pin, bits in inputs.items():
        delay, level, reached = known.lut, 1, _WIRED
        if mux:
            delay, level = (known.mux_select if pin == "S" else known.mux), 0
            reached = _WIRED if pin == "S" else _DEDICATED
        for bit in bits:
            graph.arcs[bit] += [(target, delay, level, reached) for target in driven]


def _add_register(
    graph: _Graph,
    cell: dict[str, Any],
    inputs: dict[str, list[int]],
    driven: list[int],
    fast: bool,
    known: Delays,
) -> None:
    out, setup = _block(cell, known)
    graph.starts.update(dict.fromkeys(driven, out))
    small = cell["type"].startswith(_SMALL)
    for pin, bits in inputs.items():
        reached = _BESIDE_ITS_DRIVER if small and pin in _BESIDE else _WIRED
        for bit in bits:
            graph.end(bit, (reached, setup), fast, driven[0] if driven else -1)


def _block(cell: dict[str, Any], known: Delays) -> tuple[float, float]:
    """Clock to output, and setup, of a flip-flop, block RAM or DSP slice."""
    kind = cell["type"]
    if not kind.startswith(_BLOCKS):
        return known.ff_out, known.ff_setup
    set_ = {name for name, value in cell.get("parameters", {}).items() if "1" in str(value)}
    if kind.startswith("DSP"):
        return (known.dsp_reg_out if "PREG" in set_ else known.dsp_out), known.dsp_setup
    registered = {"DOA_REG", "DOB_REG", "OREG_A", "OREG_B"} & set_
    return (known.ram_reg_out if registered else known.ram_out), known.ram_setup


def _add_carry(graph: _Graph, pins: dict[str, list[int | str]], known: Delays) -> None:
    """CARRY4/CARRY8: S[i], DI[i], CYINIT -> O[j], CO[j] for j >= i; CI over a dedicated wire."""
    width = len(pins["S"])
    for j in range(width):
        sums, carries = _nets(pins["O"][j : j + 1]), _nets(pins["CO"][j : j + 1])
        for i in range(j + 1):
            carry = known.carry_in + known.carry_bit * (j - i)
            sum_ = known.carry_onto if i == j else carry + known.carry_sum
            onto = [(bit, _BESIDE_ITS_DRIVER) for bit in _nets([pins["S"][i], pins["DI"][i]])]
            onto += [(bit, _WIRED) for bit in _nets(pins.get("CYINIT", []) if i == 0 else [])]
            for bit, reached in onto:
                graph.arcs[bit] += [(target, sum_, 1, reached) for target in sums]
                graph.arcs[bit] += [(target, carry, 1, reached) for target in carries]
        last = known.carry_through if j == width - 1 else known.carry_leave
        for bit in _nets(pins.get("CI", [])):
            graph.arcs[bit] += [(target, known.carry_leave, 0, _DEDICATED) for target in sums]
            graph.arcs[bit] += [(target, last, 0, _DEDICATED) for target in carries]


def _add_lut_memory(
    graph: _Graph,
    kind: str,
    inputs: dict[str, list[int]],
    driven: list[int],
    fast: bool,
    known: Delays,
) -> None:
    """LUT RAM and SRL: written at the clock, read asynchronously by address."""
    out = known.srl_out if kind.startswith("SRL") else known.lutram_out
    graph.starts.update(dict.fromkeys(driven, out))
    for pin, bits in inputs.items():
        address = pin.startswith(("A", "DPRA"))
        for bit in bits:
            if address:
                graph.arcs[bit] += [(target, known.lut, 1, _WIRED) for target in driven]
            graph.end(bit, (_WIRED, known.lutram_setup), fast, driven[0] if driven else -1)


def _topological(graph: _Graph) -> list[int]:
    """Every net bit after those that drive it; a loop is entered at any of its bits."""
    waiting: dict[int, int] = defaultdict(int)
    for targets in graph.arcs.values():
        for target, *_ in targets:
            waiting[target] += 1
    bits = set(graph.arcs) | set(graph.starts) | set(graph.ends) | set(graph.fast_ends) | set(waiting)
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
            for target, *_ in graph.arcs.get(bit, ()):
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
    return order
