# SPDX-License-Identifier: Apache-2.0
"""One circuit for ABC, in its own process: python -m fpgan.sim.proofs.job JOB.json (see `Job`)."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """Which properties of which sources to make circuits of; all paths are absolute.

    folder: gets circuit.json, the netlist; circuit.aig, whose outputs must never be 1, and coverN.aig, whose
    output must be once; names.json, all properties, those that the outputs are of, in their order, what is
    assumed, and the covers. circuit.txt says which input of circuit.aig is which wire.
    """

    top: str
    sources: list[str]
    parameters: Mapping[str, int | str]
    folder: str
    only: str = ""  # the one property that is asked, of all

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def run_job(job: Job) -> None:
    """Make the circuits of a job."""
    from pyosys import libyosys as ys

    design = ys.Design()
    read(design, job)
    lower(design, job)


def call(design: Any, command: str, *words: str | Path) -> None:
    """A command of Yosys; words: those that may hold spaces."""
    from pyosys import libyosys as ys

    ys.Pass.call(design, [os.fsencode(word) for word in (*command.split(), *words)])


def read(design: Any, job: Job) -> None:
    """`job.top` and all that is in it, as its sources have it."""
    overrides = [word for name, value in job.parameters.items() for word in ("-G", f"{name}={value}")]
    call(design, "read_slang --allow-use-before-declare --top", job.top, *overrides, *job.sources)


def lower(design: Any, job: Job) -> None:
    """Write the circuits of what `read` has left: ANDs, inverters and registers.

    What is undefined is an input, so that a proof holds whatever it is: registers at power-up too, and what
    is read beyond an array. Assertions are those of a cycle's registers and inputs.
    """
    folder = Path(job.folder)

    def do(command: str, *words: str | Path) -> None:
        call(design, command, *words)

    do("prep -flatten -run begin:check -top", job.top)
    do("setundef -anyseq")
    do("opt_expr t:$div t:$mod")  # by a power of two: wires
    do("memory_map -keepdc")
    do("async2sync")
    do("chformal -lower")
    do("chformal -early")  # looked at in the cycle itself, so that an induction may start from them
    do("delete t:$print")
    properties = sorted(
        {_named([cell]) for cell in _cells(design, "$assert")}
    )  # before what is always so goes
    if job.only:
        _only(design, job.only)
    do("opt -keepdc")  # without it a register of unknown start would be what it becomes later
    do("setundef -anyseq")
    do("dffunmap")
    do("techmap")
    do("setundef -anyseq")  # what is read beyond a vector
    do("aigmap")
    do("opt_merge -keepdc")
    do("opt_clean")
    do("write_json", folder / "circuit.json")
    do("design -save circuit")
    all_covers = _cells(design, "$cover")
    do("chformal -cover -remove")
    names = _write(do, folder / "circuit")
    names["properties"] = properties
    covers = names["covers"] = []
    for number, cover in enumerate(all_covers):
        do("design -load circuit")
        _cover(design, cover)
        covers += _write(do, folder / f"cover{number}")["asserts"]
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")


def _cells(design: Any, kind: str) -> list[str]:
    return [cell.name.str() for cell in design.top_module().cells_.values() if cell.type.str() == kind]


def _only(design: Any, name: str) -> None:
    """Forget every property but one."""
    module = design.top_module()
    for cell in list(module.cells_.values()):
        if cell.type.str() == "$assert" and _named(cell.name.str().split(".")) != name:
            module.remove(cell)


def _cover(design: Any, cover: str) -> None:
    """Ask one thing alone, that what must happen never does."""
    from pyosys import libyosys as ys

    module = design.top_module()
    for cell in list(module.cells_.values()):
        if cell.type.str() in ("$assert", "$cover") and cell.name.str() != cover:
            module.remove(cell)
        elif cell.type.str() == "$cover":
            cell.type = ys.IdString("$assert")
            pin, name = ys.IdString("\\A"), module.uniquify(ys.IdString("\\never"))
            cell.setPort(pin, ys.SigSpec(module.NotGate(name, cell.getPort(pin).as_bit()), 1))


def _write(do: Any, circuit: Path) -> dict[str, list[str]]:
    """circuit.aig, the map of its inputs in circuit.txt; the names of what it asserts and assumes."""
    told = circuit.with_suffix(".names")
    paths = ("-map", circuit.with_suffix(".txt"), "-ywmap", told, circuit.with_suffix(".aig"))
    do("write_aiger -zinit -B", *paths)
    content = json.loads(told.read_text(encoding="utf-8"))
    return {kind: [_named(path) for path in content[kind]] for kind in ("asserts", "assumes")}


def _named(path: Sequence[str]) -> str:
    """An assertion's name in the sources: instances and its label, without the generate blocks between."""
    name = ".".join(part.removeprefix("\\") for part in path)
    return re.sub(r"\bgen_\w+(\[\d+\])?\.", "", name)


if __name__ == "__main__":
    run_job(Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
