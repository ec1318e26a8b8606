# SPDX-License-Identifier: Apache-2.0
"""Proves a module's properties, or says which one fails and what every port was in each cycle until then."""

from __future__ import annotations

import copy
import functools
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError
from fpgan.sim.proofs.circuit import Circuit, trace
from fpgan.sim.proofs.induction import PROVED
from fpgan.sim.proofs.job import Job

_FAILED = re.compile(r"Output +(\d+) (?:of miter \S+ )?was asserted in frame +(\d+)")
_HELD = re.compile(r"No output asserted in (\d+) frames")


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    failed: the one that fails, "" where none does.
    counterexample: a table of every wire of the properties' module in each cycle up to that failure.
    """

    failed: str
    counterexample: str


class Prover:
    """The circuit of `top` with its properties, that lies in `folder`."""

    def __init__(self, top: str, folder: Path) -> None:
        self.top, self.folder = top, folder
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        self.properties, self.given, self.covers = names["properties"], names["assumes"], names["covers"]
        self._outputs = names["asserts"]
        self._held: dict[str, int] = {}

    @functools.cached_property
    def circuit(self) -> Circuit:
        """What the proofs are of, read when it is first asked for."""
        circuit = Circuit.load(self.folder / "circuit.json", self.top)
        for name, value in self._held.items():
            circuit = circuit.held(name, value)
        return circuit

    def held(self, name: str, value: int) -> Prover:
        """The same where input `name` of `top` is always `value`."""
        other = copy.copy(self)
        other.__dict__.pop("circuit", None)
        other._held = {**self._held, name: value}
        return other

    @classmethod
    def made(
        cls,
        top: str,
        sources: Sequence[Path],
        parameters: Mapping[str, int | str],
        folder: Path,
        only: str = "",
    ) -> Prover:
        """The same, made of sources; ToolError where Yosys fails.

        sources: in compile order, those of the properties among them. parameters: of `top`. only: this
        property.
        """
        folder.mkdir(parents=True, exist_ok=True)
        job = Job(top, [str(path) for path in sources], parameters, str(folder), only)
        job.write(folder / "job.json")
        command = [sys.executable, "-m", "fpgan.sim.proofs.job", str(folder / "job.json")]
        run(command, folder, folder / "yosys.log", f"the circuit of {top}")
        return cls(top, folder)

    def prove(self, depth: int = 0, seconds: int = 0) -> Outcome:
        """Of every property: in the first `depth` cycles from any power-up, or in all of them where it is 0.

        seconds: of the solver, at most, or as many as it takes. ToolError where the proof comes to no end.
        """
        engine = f"bmc3 -F {depth}" if depth else "pdr"
        witness = self.folder / "counterexample.txt"
        said = self._abc("circuit", f"{engine}; write_cex -a {witness.name}", seconds)
        failed = _FAILED.search(said)
        if failed is None:
            held = _HELD.search(said)
            if not (held and int(held[1]) == depth if depth else "Property proved" in said):
                raise ToolError(f"{self.top}: {engine} came to no end (log: {self.folder / 'circuit.log'})")
            return Outcome("", "")
        table = trace(self.circuit, self.folder / "circuit.txt", witness)
        return Outcome(self._outputs[int(failed[1])], table)

    def prove_each(self, depth: int) -> Outcome:
        """The same in the first `depth` cycles, of one property after the other.

        Each depends on part of the circuit: all at once the solver would learn of all of it, and take many
        times as long.
        """
        step = f"{self._read('circuit', self._held)}cone -O {{number}}; bmc3 -g -F {depth}"
        numbers = range(len(self._outputs))
        steps = [f"echo property_at {number}; {step.format(number=number)}" for number in numbers]
        said = self._run("circuit", "\n".join(steps)).split("property_at ")[1:]
        for name, part in zip(self._outputs, said, strict=True):
            if failed := _FAILED.search(part):
                return self.prove(int(failed[2]) + 1)
            if not ((held := _HELD.search(part)) and int(held[1]) == depth):
                log = self.folder / "circuit.log"
                raise ToolError(f"{self.top}: the proof of {name} came to no end (log: {log})")
        return Outcome("", "")

    def prove_by_induction(self, depth: int) -> Outcome:
        """Of every property, in all cycles: each cycle's follow from those of the cycle before.

        Where they do not, a counterexample of up to `depth` cycles; ToolError where there is none.
        """
        if self.follows():
            return Outcome("", "")
        outcome = self.prove(depth)
        if not outcome.failed:
            log = self.folder / "induction.log"
            raise ToolError(f"{self.top}: the properties do not follow from each other (log: {log})")
        return outcome

    def follows(self) -> bool:
        """Whether all properties hold in a cycle where they held in the one before."""
        log, circuit = self.folder / "induction.log", str(self.folder / "circuit.json")
        held = [f"{name}={value}" for name, value in self._held.items()]
        command = [sys.executable, "-m", "fpgan.sim.proofs.induction", circuit, str(log), *held]
        run(command, self.folder, self.folder / "induction.out", f"the induction of {self.top}")
        return PROVED in log.read_text(encoding="utf-8")

    def reached(self, depth: int) -> set[str]:
        """The covers that are reached in the first `depth` cycles."""
        engine = f"bmc3 -F {depth}"
        return {
            name
            for number, name in enumerate(self.covers)
            if _FAILED.search(self._abc(f"cover{number}", engine))
        }

    def failing(self, depth: int, seconds: int) -> str:
        """The property that fails in the first `depth` cycles; "" where none does, or none in that time."""
        try:
            failed = _FAILED.search(self._abc("circuit", f"bmc3 -F {depth}", seconds))
        except ToolError:
            return ""
        return self._outputs[int(failed[1])] if failed else ""

    def same(self, name: str, value: int, other: int) -> bool:
        """Whether all outputs and registers get the same, in any state, with input `name` at either value."""
        names = [f"same{index}.aig" for index in range(2)]
        made = [
            f"{self._read('circuit', {name: held})}comb; write_aiger {file}; "
            for held, file in zip((value, other), names, strict=True)
        ]
        return "are equivalent" in self._run("circuit", f"{''.join(made)}cec -n {' '.join(names)}")

    def _read(self, circuit: str, held: Mapping[str, int]) -> str:
        """ABC's commands that read a circuit and hold what is held; its inputs are pi00, pi01 ..."""
        read = f"read_aiger {circuit}.aig; fold; "
        if not held:
            return read
        inputs = int((self.folder / f"{circuit}.aig").read_bytes().split(maxsplit=3)[2])
        lines = (self.folder / f"{circuit}.txt").read_text(encoding="utf-8").splitlines()
        pins = [line.split(maxsplit=3)[1:] for line in lines if line.startswith("input ")]
        digits = len(str(inputs - 1))
        cofactors = [
            f"cof pi{int(index):0{digits}} {held[name] >> int(bit) & 1}; "
            for index, bit, name in pins
            if name in held
        ]
        return f"{read}logic; {''.join(cofactors)}strash; "

    def _abc(self, circuit: str, commands: str, seconds: int = 0) -> str:
        return self._run(circuit, self._read(circuit, self._held) + commands, seconds)

    def _run(self, circuit: str, script: str, seconds: int = 0) -> str:
        """What ABC says in so many seconds of a processor; commands are in a file, as there may be many."""
        import pyosys

        abc = Path(next(iter(pyosys.__path__))) / "yosys-abc"
        (self.folder / f"{circuit}.abc").write_text(script + "\n", encoding="utf-8")
        log = self.folder / f"{circuit}.log"
        limit = ["prlimit", f"--cpu={seconds}"] if seconds else []
        command = [*limit, str(abc), "-q", f"source {circuit}.abc"]
        return run(command, self.folder, log, f"the proof of {self.top}")
