# SPDX-License-Identifier: Apache-2.0
"""A circuit of ANDs, inverters and registers: what its wires are in each cycle, and what they depend on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

_CONSTANTS = {"0": False, "1": True}
Bit = int | str  # a net's number, or a constant


@dataclass
class Circuit:
    """What Yosys' write_json says of one flat module.

    wires: name -> its bits, least significant first. gates: output -> inputs; one input is inverted, of two
    it is the AND. registers: output -> input. starts: output -> its value in the first cycle, where known.
    offsets: name -> the number of its least significant bit, where that is not 0.
    """

    wires: dict[str, list[Bit]]
    offsets: dict[str, int] = field(default_factory=dict)
    gates: dict[Bit, tuple[Bit, ...]] = field(default_factory=dict)
    registers: dict[Bit, Bit] = field(default_factory=dict)
    starts: dict[Bit, bool] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, top: str) -> Circuit:
        """Of circuit.json; ValueError where a cell is none that can be simulated."""
        module = json.loads(path.read_text(encoding="utf-8"))["modules"][top]
        nets = module["netnames"]
        circuit = cls(
            {name: nets[name]["bits"] for name in nets}, {n: nets[n].get("offset", 0) for n in nets}
        )
        for cell in module["cells"].values():
            circuit._add(cell["type"], {pin: bits[0] for pin, bits in cell["connections"].items()})
        for net in module["netnames"].values():
            text = net["attributes"].get("init", "")[::-1]
            circuit.starts |= {
                bit: _CONSTANTS[value]
                for bit, value in zip(net["bits"], text, strict=False)
                if value in _CONSTANTS
            }
        return circuit

    def _add(self, kind: str, pins: Mapping[str, Bit]) -> None:
        if kind == "$_NOT_":
            self.gates[pins["Y"]] = (pins["A"],)
        elif kind == "$_AND_":
            self.gates[pins["Y"]] = (pins["A"], pins["B"])
        elif kind == "$_DFF_P_":
            self.registers[pins["Q"]] = pins["D"]
        elif kind not in ("$assert", "$assume", "$cover", "$anyseq", "$scopeinfo"):
            raise ValueError(f"a circuit has no {kind}")

    def depends(self, output: str, on: str) -> bool:
        """Whether gates alone lead from a bit of `on` to one of `output`; ValueError where one is no wire."""
        for name in (output, on):
            if name not in self.wires:
                raise ValueError(f"the circuit has no wire {name}")
        return not set(self.wires[on]).isdisjoint(self._ordered(self.wires[output]))

    def held(self, name: str, value: int) -> Circuit:
        """The same where input `name` is always `value`; gates that become constant, or wires, are gone."""
        known: dict[Bit, Bit] = {bit: str(value >> i & 1) for i, bit in enumerate(self.wires[name])}
        gates: dict[Bit, tuple[Bit, ...]] = {}
        for bit in self._ordered(list(self.gates)):
            if bit not in self.gates:
                continue
            pins = tuple(known.get(pin, pin) for pin in self.gates[bit])
            open_ = [pin for pin in pins if pin not in _CONSTANTS]
            if "0" in pins:
                known[bit] = "1" if len(pins) == 1 else "0"
            elif len(pins) == 1 and not open_:
                known[bit] = "0"
            elif len(pins) == 2 and len(open_) < 2:
                known[bit] = open_[0] if open_ else "1"
            else:
                gates[bit] = pins
        wires = {name: [known.get(bit, bit) for bit in bits] for name, bits in self.wires.items()}
        registers = {bit: known.get(source, source) for bit, source in self.registers.items()}
        return replace(self, wires=wires, gates=gates, registers=registers)

    def run(self, inputs: Sequence[Mapping[Bit, bool]]) -> Iterator[dict[Bit, bool]]:
        """Every bit that a register or a named wire needs, in each cycle; what no input sets is 0.

        The first cycle's inputs may also set registers whose start is not known.
        """
        roots = [bit for bits in self.wires.values() for bit in bits] + list(self.registers.values())
        order = [bit for bit in self._ordered(roots) if bit in self.gates]
        state = {bit: self.starts.get(bit, inputs[0].get(bit, False)) for bit in self.registers}
        for given in inputs:
            values: dict[Bit, bool] = {"0": False, "1": True, **given, **state}
            for bit in order:
                pins = [values.get(pin, False) for pin in self.gates[bit]]
                values[bit] = all(pins) if len(pins) == 2 else not pins[0]
            yield values
            state = {bit: values.get(source, False) for bit, source in self.registers.items()}

    def _ordered(self, roots: Sequence[Bit]) -> list[Bit]:
        """The bits that gates lead from to `roots`, those too, each behind what it is made of."""
        done: dict[Bit, None] = {}
        stack = list(reversed(roots))
        while stack:
            bit = stack[-1]
            missing = [pin for pin in self.gates.get(bit, ()) if pin not in done]
            if missing and bit not in done:
                stack.extend(missing)
            else:
                done[stack.pop()] = None
        return list(done)


def trace(circuit: Circuit, names: Path, witness: Path) -> str:
    """A counterexample as a table: a line per public wire of the top, a column per cycle, words in hex.

    names: circuit.txt, which input of ABC is which wire's bit. witness: what ABC's write_cex -a has written.
    """
    lines = [line for line in witness.read_text(encoding="utf-8").splitlines() if re.fullmatch("[01]+", line)]
    pins: dict[int, Bit] = {}
    for line in names.read_text(encoding="utf-8").splitlines():
        if line.startswith(("input ", "init ")):
            _, index, bit, name = line.split(maxsplit=3)
            pins[int(index)] = circuit.wires[name][int(bit) - circuit.offsets[name]]
    cycles = list(
        circuit.run([{pin: line[index] == "1" for index, pin in pins.items()} for line in lines[1:]])
    )
    return "\n".join(_table(circuit, cycles))


def _table(circuit: Circuit, cycles: Sequence[Mapping[Any, bool]]) -> Iterator[str]:
    shown = [name for name in circuit.wires if re.fullmatch(r"\w+", name) and name != "ap_clk"]
    columns = {
        name: [
            f"{sum(cycle.get(b, False) << i for i, b in enumerate(circuit.wires[name])):x}"
            for cycle in cycles
        ]
        for name in shown
    }
    width = max(map(len, shown))
    cell = max(len(value) for values in columns.values() for value in [*values, str(len(cycles))]) + 1
    yield " " * width + "".join(f"{cycle:>{cell}}" for cycle in range(len(cycles)))
    for name, values in columns.items():
        yield f"{name:{width}}" + "".join(f"{value:>{cell}}" for value in values)
