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
    output must be once; names.json, the properties in the order of these outputs, what is assumed, and the
    covers. circuit.txt says which input of circuit.aig is which wire.
    """

    top: str
    sources: list[str]
    parameters: Mapping[str, int | str]
    folder: str
    only: str = ""  # the one property that is asked, of all

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def run_job(job: Job) -> None:
    """Flatten `job.top` to ANDs, inverters and registers.

    What is undefined is an input, so that a proof holds whatever it is: registers at power-up too, and what
    is read beyond an array. An assertion is looked at in the cycle after it is evaluated.
    """
    from pyosys import libyosys as ys

    design = ys.Design()
    folder = Path(job.folder)

    def do(command: str, *words: str | Path) -> None:
        ys.Pass.call(design, [os.fsencode(word) for word in (*command.split(), *words)])

    overrides = [word for name, value in job.parameters.items() for word in ("-G", f"{name}={value}")]
    do("read_slang --allow-use-before-declare --top", job.top, *overrides, *job.sources)
    do("prep -flatten -run begin:check -top", job.top)
    do("setundef -anyseq")
    do("opt_expr t:$div t:$mod")  # by a power of two: wires
    do("memory_map -keepdc")
    do("async2sync")
    do("chformal -lower")
    do("delete t:$print")
    if job.only:
        _only(design, job.only)
    do("opt -keepdc")  # without it a register of unknown start would be what it becomes later
    do("setundef -anyseq")
    do("dffunmap")
    do("techmap")
    do("aigmap")
    do("opt_clean")
    do("write_json", folder / "circuit.json")
    do("design -save circuit")
    all_covers = [
        cell.name.str() for cell in design.top_module().cells_.values() if cell.type.str() == "$cover"
    ]
    do("chformal -cover -remove")
    names = _write(do, folder / "circuit")
    covers = names["covers"] = []
    for number, cover in enumerate(all_covers):
        do("design -load circuit")
        _cover(design, ys, cover)
        covers += _write(do, folder / f"cover{number}")["asserts"]
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")


def _only(design: Any, name: str) -> None:
    """Forget every property but one."""
    module = design.top_module()
    for cell in list(module.cells_.values()):
        if cell.type.str() == "$assert" and _named(cell.name.str().split(".")) != name:
            module.remove(cell)


def _cover(design: Any, ys: Any, cover: str) -> None:
    """Ask one thing alone, that what must happen never does."""
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
