# SPDX-License-Identifier: Apache-2.0
"""What simulations that had FPGAN_COVERAGE=FOLDER have reached of hw/rtl: python -m rtl_coverage FOLDER.

A table of every module's lines (Verilator's points: a block, or a branch of an if, a case or a ?:) and
toggles (each bit up and down), summed over all simulations and sets of parameters, into coverage.md beside
FOLDER, then the lines that are not reached. Functions that no simulation has entered are left out: constants
are made of them; what calls one besides is a line of its own. Exit code 1 where tests/hw/rtl/uncovered.yaml
does not say of one why.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fpgan.hw.sources import rtl_file

EXPLAINED = Path(__file__).parents[1] / "hw" / "rtl" / "uncovered.yaml"
_RTL = rtl_file("fifo.sv").parents[1]
_POINT = re.compile(r"C '(.*)' (\d+)")


@dataclass
class Module:
    """Points of one, and how often each was reached: of lines by line and branch, of toggles by signal."""

    lines: Counter[tuple[int, str]] = field(default_factory=Counter)
    toggles: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Missed:
    """A line of a module that is not reached, or a branch of it."""

    module: str
    line: int
    branch: str
    text: str

    def __str__(self) -> str:
        return f"{self.module}.sv:{self.line}: {self.branch}: {self.text}"


def counted(folder: Path) -> dict[str, Module]:
    """Of each module of hw/rtl; ValueError where no simulation has written into the folder."""
    found = {path.stem: Module() for path in sorted(_RTL.glob("*/*.sv"))}
    files = sorted(folder.glob("*.dat"))
    if not files:
        raise ValueError(f"{folder}: holds no *.dat; set FPGAN_COVERAGE to it and run tests")
    for path in files:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                _count(found, line)
    for name, module in found.items():
        for first, last in _functions(name):
            points = [point for point in module.lines if first <= point[0] <= last]
            if not any(module.lines[point] for point in points):
                for point in points:
                    del module.lines[point]
    return found


def _functions(name: str) -> Iterator[tuple[int, int]]:
    """First and last line of each function of a module."""
    first = 0
    for number, text in enumerate(rtl_file(f"{name}.sv").read_text(encoding="utf-8").splitlines(), 1):
        if text.lstrip().startswith("function "):
            first = number
        elif text.lstrip().startswith("endfunction"):
            yield first, number


def _count(found: dict[str, Module], line: str) -> None:
    point = _POINT.match(line)
    if point is None:
        return
    said = dict(part.split("\x02", 1) for part in point[1].split("\x01") if "\x02" in part)
    source = Path(said["f"])
    if source.suffix != ".sv" or (module := found.get(source.stem)) is None:
        return
    if said["t"] == "toggle":
        module.toggles[said["o"]] += int(point[2])
    else:
        module.lines[int(said["l"]), said["o"]] += int(point[2])


def missed(found: dict[str, Module]) -> Iterator[Missed]:
    for name, module in found.items():
        lines = rtl_file(f"{name}.sv").read_text(encoding="utf-8").splitlines()
        for (line, branch), count in sorted(module.lines.items()):
            if not count:
                yield Missed(name, line, branch, lines[line - 1].strip())


def table(found: dict[str, Module]) -> Iterator[str]:
    """As Markdown, a row for each module and one for all."""
    yield "| module | lines | of | toggles | of |"
    yield "|---|---|---|---|---|"
    total = [0, 0, 0, 0]
    for name, module in found.items():
        row = [
            n
            for points in (module.lines, module.toggles)
            for n in (sum(map(bool, points.values())), len(points))
        ]
        total = [a + b for a, b in zip(total, row, strict=True)]
        yield _row(name, row)
    yield _row("all", total)


def _row(name: str, row: Sequence[int]) -> str:
    shares = [
        f"{100 * reached / of:.1f} % | {of}" if of else "- | 0"
        for reached, of in zip(row[::2], row[1::2], strict=True)
    ]
    return f"| {name} | {' | '.join(shares)} |"


def unexplained(lines: Sequence[Missed]) -> list[Missed]:
    entries = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))
    known = {(name, one["line"]) for name, some in entries.items() for one in some}
    return [line for line in lines if (line.module, line.text) not in known]


def main() -> int:
    parser = argparse.ArgumentParser(prog="rtl_coverage", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    found = counted(folder)
    lines = list(missed(found))
    bare = unexplained(lines)
    text = "\n".join([*table(found), "", "Not reached:", "", *(f"- {line}" for line in lines), ""])
    (folder.parent / "coverage.md").write_text(text, encoding="utf-8")
    print(text)
    for line in bare:
        print(f"not explained in {EXPLAINED.name}: {line}")
    return int(bool(bare))


if __name__ == "__main__":
    sys.exit(main())
