# SPDX-License-Identifier: Apache-2.0
"""python -m mutants [NAME ...]: faults in modules, benches' modules and sources; what nothing sees is told.

Exit code 1 where survivors.yaml does not say of one why. A run that is interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.sources import rtl_file
from fpgan.sim.proofs.table import modules
from mutants import benches, proofs, texts
from mutants.netlist import Mutant
from mutants.results import HEAD, Kept, Result, Score, scores, survivors

_RTL = rtl_file("fifo.sv").parents[1]
PROOFS, BENCHES = 100, 30  # faults of a module

Judge = Callable[[list[str]], Iterator[tuple[str, Mutant, str]]]


@dataclass(frozen=True)
class Part:
    """Faults that are tried together. of: what they follow from, the sources too."""

    name: str
    by: str
    of: str
    judge: Judge


def parts(count: int, seed: int, out: Path) -> Iterator[Part]:
    """count: faults of a module, 0 for as many as each kind has."""
    digest = hashlib.sha256()
    for path in sorted(_RTL.glob("*/*.sv")):
        digest.update(path.read_bytes())
    of = f"{seed} {digest.hexdigest()[:16]}"
    for module in modules().values():
        if (module.of or module.name) in [name for bench in benches.BENCHES for name in bench.modules]:
            continue
        number, folder = count or PROOFS, out / module.name
        yield Part(
            module.name, "proofs", f"{number} {of}",
            lambda known, m=module, n=number, f=folder: proofs.judged(m, n, seed, f, known),
        )  # fmt: skip
    for bench in benches.BENCHES:
        number = count or BENCHES
        folder = out / f"{bench.name}.{number}.{seed}"
        yield Part(
            bench.name, "benches", f"{number} {of}",
            lambda known, b=bench, n=number, f=folder: benches.judged(b, n, seed, f, known),
        )  # fmt: skip
    yield Part("texts", "tests", texts.digest(), lambda known: texts.judged(out / "texts", known))


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules with proofs, benches, texts; all")
    parser.add_argument(
        "--count", type=int, default=0, help=f"faults of a module; {PROOFS} by proofs, {BENCHES} by benches"
    )
    parser.add_argument("--seed", type=int, default=1, help="which faults; 1")
    parser.add_argument("--out", type=Path, default=Path("out/mutants"), help="what is kept; out/mutants")
    given = parser.parse_args()
    out = given.out.resolve()
    chosen = list(parts(given.count, given.seed, out))
    if missing := set(given.names) - {part.name for part in chosen}:
        parser.error(f"no {', '.join(sorted(missing))}; there are {', '.join(part.name for part in chosen)}")
    table = [
        score for part in chosen if not given.names or part.name in given.names for score in _tried(part, out)
    ]
    print("\n".join([HEAD, *(score.row for score in table)]))
    return int(any(score.unknown for score in table))


def _tried(part: Part, out: Path) -> list[Score]:
    kept, known = Kept(out / f"{part.name}.jsonl", part.of), survivors()
    for name, mutant, seen in part.judge([result.name for result in kept.results]):
        kept.add(Result(name, mutant, seen))
        said = f"{mutant.file}: {mutant.at}: {mutant.what}: {seen or 'NOT SEEN'}"
        print(f"{part.name} {len(kept.results)}: {said}", flush=True)
    found = scores(part.by, kept.results, known)
    for mutant in [result.mutant for result in kept.results if not result.seen]:
        if not any(one.covers(mutant) for one in known):
            print(f"not classified: {mutant.file}: {{at: {mutant.at!r}, what: {mutant.what!r}}}")
    return found


if __name__ == "__main__":
    sys.exit(main())
