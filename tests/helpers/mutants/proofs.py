# SPDX-License-Identifier: Apache-2.0
"""Faults in modules that have proofs, each looked for by all of a case's properties."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from fpgan.hw.sources import properties
from fpgan.hw.system.tools import ToolError
from fpgan.sim.proofs.job import Job
from fpgan.sim.proofs.prove import Prover
from fpgan.sim.proofs.table import Case, Module
from mutants.child import child
from mutants.netlist import SAME, SELECTOR, Mutant, Order

_SEEN_IN = 10  # cycles in which nearly every fault shows that shows at all
_SECONDS = 20  # of the solver
_TOGETHER = 20  # faults in one run of it
_COVERED_IN = 24


def judged(
    module: Module, count: int, seed: int, folder: Path, known: Sequence[str]
) -> Iterator[tuple[str, Mutant, str]]:
    """Of each fault that is not `known`: its name, itself, and what sees it, "" where nothing does.

    count: of the module, shared among the cases that every run of the tests proves (its first where there is
    none). One that is not seen is put into the same place of the others: with few words or rows much of a
    module does nothing. Raises ToolError where Yosys cannot read the module.
    """
    cases = [case for case in module.cases if case.quick] or [module.cases[0]]
    unseen: list[tuple[str, Mutant, str, Case]] = []
    for index, case in enumerate(cases):
        share = count // len(cases) + (index < count % len(cases))
        names = {number: f"{case.text} {number}" for number in range(1, share + 1)}
        wanted = [number for number, name in names.items() if name not in known]
        order = Order(str(folder / str(index)), [module.name], share, seed)
        for mutant, seen in _tried(module, case, order, wanted) if wanted else ():
            if seen in ("", SAME):
                unseen.append((names[mutant.number], mutant, seen, case))
            else:
                yield names[mutant.number], mutant, seen
    for index, case in enumerate(module.cases):
        others = {mutant.key: name for name, mutant, _, own in unseen if own != case}
        keys = [(at, what) for _, at, what in others]
        order = Order(str(folder / f"again{index}"), [module.name], 0, seed, keys=keys)
        for mutant, seen in _tried(module, case, order, range(1, len(keys) + 1)) if keys else ():
            if seen not in ("", SAME):
                yield others[mutant.key], mutant, f"{seen}, with {case.text}"
                unseen = [one for one in unseen if one[0] != others[mutant.key]]
    for name, mutant, seen, _ in unseen:
        yield name, mutant, seen


def _tried(module: Module, case: Case, order: Order, wanted: Collection[int]) -> Iterator[tuple[Mutant, str]]:
    """Of an order, as it is completed here, and the numbers that are wanted."""
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
    mutants = [Mutant(**one) for one in told if one["number"] in wanted]
    for start in range(0, len(mutants), _TOGETHER):
        some = mutants[start : start + _TOGETHER]
        soon = prover.failing(SELECTOR, [mutant.number for mutant in some], _SEEN_IN, _SECONDS)
        for mutant in some:
            seen = soon[mutant.number]
            if not seen:
                seen = _seen(module, prover, mutant.number, case is module.cases[0])
            yield mutant, seen


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
    return _failed(prover, module.depth)


def _failed(prover: Prover, depth: int) -> str:
    try:
        return prover.prove(depth, _SECONDS).failed
    except ToolError:
        return ""
