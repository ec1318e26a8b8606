# SPDX-License-Identifier: Apache-2.0
"""Faults in modules that have proofs, each looked for by all of a case's properties."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fpgan.hw.sources import properties
from fpgan.hw.system.tools import ToolError
from fpgan.sim.proofs.job import Job
from fpgan.sim.proofs.prove import Prover
from fpgan.sim.proofs.table import Case, Module
from mutants.child import child
from mutants.netlist import SAME, SELECTOR, Mutant, Order

_SEEN_IN = 10  # cycles in which nearly every fault shows that shows at all
_SECONDS, _SOON = 20, 10  # of the solver, at most
_COVERED_IN = _LONG = 24  # cycles
NOT_PROVED = "no induction"


@dataclass(frozen=True)
class _Unseen:
    name: str
    mutant: Mutant
    case: Case
    prover: Prover


def judged(
    module: Module, count: int, seed: int, folder: Path, known: Sequence[str]
) -> Iterator[tuple[str, Mutant, str]]:
    """Of each fault that is not `known`: its name, itself, and what sees it, "" where nothing does.

    count: of the module, shared among the cases that every run of the tests proves (its first where there is
    none). One that shows in no first cycles of its case is put into the same place of the others: with few
    words or rows much of a module does nothing. Raises ToolError where Yosys cannot read the module.
    """
    cases = [case for case in module.cases if case.quick] or [module.cases[0]]
    unseen: list[_Unseen] = []
    for index, case in enumerate(cases):
        share = count // len(cases) + (index < count % len(cases))
        names = {number: f"{case.text} {number}" for number in range(1, share + 1)}
        wanted = [number for number, name in names.items() if name not in known]
        order = Order(str(folder / str(index)), [module.of or module.name], share, seed)
        for prover, mutant, seen in _soon(module, case, order, wanted) if wanted else ():
            if seen:
                yield names[mutant.number], mutant, seen
            else:
                unseen.append(_Unseen(names[mutant.number], mutant, case, prover))
    for index, case in enumerate(module.cases):
        others = {one.mutant.key: one for one in unseen if one.case != case}
        keys = [(at, what) for _, at, what in others]
        order = Order(str(folder / f"again{index}"), [module.of or module.name], 0, seed, keys=keys)
        every = range(1, len(keys) + 1)
        for prover, mutant, seen in _soon(module, case, order, every) if keys else ():
            if seen := seen or _failed(module, prover.held(SELECTOR, mutant.number)):
                yield others[mutant.key].name, mutant, f"{seen}, with {case.text}"
                unseen.remove(others[mutant.key])
    for one in unseen:
        yield one.name, one.mutant, _seen(module, one.prover, one.mutant.number, one.case is module.cases[0])


def _soon(
    module: Module, case: Case, order: Order, wanted: Collection[int]
) -> Iterator[tuple[Prover, Mutant, str]]:
    """Of an order, completed here, and the numbers that are wanted: what fails in the first cycles, or ""."""
    folder = Path(order.folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [str(path) for path in (*module.rtl(), *properties(module.name))]
    job = Job(module.top, files, case.parameters(), order.folder)
    replace(order, job=asdict(job)).write(folder / "order.json")
    child("mutants.netlist", [folder / "order.json"], folder, folder / "yosys.log", module.name)
    told = json.loads((folder / "mutants.json").read_text(encoding="utf-8"))
    if not told:
        return
    prover = Prover(module.top, folder)
    for mutant in (Mutant(**one) for one in told):
        if mutant.number in wanted:
            yield prover, mutant, prover.held(SELECTOR, mutant.number).failing(_SEEN_IN, _SOON)


def _seen(module: Module, prover: Prover, number: int, first: bool) -> str:
    """What sees a fault that no property sees soon: a path that must not be, a cover, or a property later.

    "" too where the solver comes to no end.
    """
    if prover.same(SELECTOR, number, 0):
        return SAME
    prover = prover.held(SELECTOR, number)
    for output, source in module.apart:
        if prover.circuit.depends(output, source):
            return f"a path from {source} to {output}"
    if first and (lost := set(prover.covers) - prover.reached(module.depth or _COVERED_IN)):
        return min(lost)
    return _failed(module, prover)


def _failed(module: Module, prover: Prover) -> str:
    """A module that is proved by induction is proved no longer where the properties do not follow."""
    try:
        failed = prover.prove(_LONG if module.induction else module.depth, _SECONDS).failed
    except ToolError:
        failed = ""
    return failed or (NOT_PROVED if module.induction and not prover.follows() else "")
