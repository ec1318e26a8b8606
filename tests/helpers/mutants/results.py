# SPDX-License-Identifier: Apache-2.0
"""What came of each fault, kept as it comes, and what is known of those that nothing sees."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from mutants.netlist import SAME, Mutant

SURVIVORS = Path(__file__).with_name("survivors.yaml")


@dataclass(frozen=True)
class Result:
    """One fault, by its name in this run, and what has seen it, "" where nothing did."""

    name: str
    mutant: Mutant
    seen: str


class Kept:
    """Results of one run in a file; one of other faults, or of other sources, starts anew."""

    def __init__(self, path: Path, of: str) -> None:
        self._path, self.results = path, list[Result]()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if lines and json.loads(lines[0]) == of:
            for line in lines[1:]:
                name, mutant, seen = json.loads(line)
                self.results.append(Result(name, Mutant(**mutant), seen))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(of) + "\n", encoding="utf-8")

    def add(self, result: Result) -> None:
        self.results.append(result)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([result.name, asdict(result.mutant), result.seen]) + "\n")


@dataclass(frozen=True)
class Known:
    """An entry of survivors.yaml: faults of a module, `what` may have * in it.

    Equivalent; or proved, what a property sees that a bench does not reach; or else a hole.
    """

    file: str
    at: str
    what: str
    equivalent: str = ""
    proved: str = ""
    hole: str = ""

    def __post_init__(self) -> None:
        if [bool(self.equivalent), bool(self.proved), bool(self.hole)].count(True) != 1:
            raise ValueError(
                f"{self.file}, {self.at}: say why it is equivalent, what property sees it, or what hole it is"
            )

    def covers(self, mutant: Mutant) -> bool:
        pattern = ".*".join(map(re.escape, self.what.split("*")))
        return (mutant.file, mutant.at) == (self.file, self.at) and re.fullmatch(
            pattern, mutant.what
        ) is not None


def survivors() -> list[Known]:
    """All entries; TypeError where one has another key."""
    entries = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8"))
    return [Known(file, **one) for file, some in entries.items() for one in some]


@dataclass
class Score:
    """How many faults of a module there were, and of what kinds."""

    module: str
    by: str
    faults: int = 0
    killed: int = 0
    equivalent: int = 0
    holes: int = 0

    @property
    def unknown(self) -> int:
        return self.faults - self.killed - self.equivalent - self.holes

    @property
    def row(self) -> str:
        real = self.faults - self.equivalent
        share = f"{100 * self.killed / real:.1f} %" if real else "-"
        return (
            f"| {self.module} | {self.by} | {self.faults} | {self.killed} | {self.equivalent} | {self.holes} "
            f"| {self.unknown} | {share} |"
        )


HEAD = (
    "| module | by | faults | seen | equivalent | holes | not classified | seen of real ones |\n"
    + "|---" * 8
    + "|"
)


def scores(by: str, results: Sequence[Result], known: Sequence[Known]) -> list[Score]:
    """One for each module, in the order in which they come."""
    found: dict[str, Score] = {}
    for result in results:
        score = found.setdefault(result.mutant.file, Score(result.mutant.file, by))
        entry = next((one for one in known if one.covers(result.mutant)), None)
        score.faults += 1
        score.killed += bool(result.seen) and result.seen != SAME
        score.killed += entry is not None and not result.seen and bool(entry.proved)
        score.equivalent += result.seen == SAME
        if entry is not None and not result.seen:
            score.equivalent += bool(entry.equivalent)
            score.holes += bool(entry.hole)
    return list(found.values())
