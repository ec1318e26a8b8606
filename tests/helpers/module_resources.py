# SPDX-License-Identifier: Apache-2.0
"""What each module of hw/rtl takes, pinned in tests/hw/rtl/resources.yaml: `python -m module_resources`.

A row is a module with a set of parameters; Yosys maps it as `fpgan synth` maps a layer. `sources` says what
its figures were counted of, so that rows whose sources and parameters are as they were need no Yosys.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import finn
import yaml

from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import rtl_file

TABLE = Path(__file__).parents[1] / "hw" / "rtl" / "resources.yaml"
FIGURES = ("LUT", "FF", "DSP", "BRAM18", "levels")
_RTL = rtl_file("fifo.sv").parents[1]
_MVU = Path(next(iter(finn.__path__))) / "finn-rtllib" / "mvu"
_OURS = {path.stem: path for path in sorted(_RTL.glob("*/*.sv"))}
_FILES = {
    "mvu_pkg": _MVU / "mvu_pkg.sv",
    "mvu": _MVU / "mvu.sv",
    "thresholding": _MVU.parent / "thresholding" / "hdl" / "thresholding.sv",
    **_OURS,
}
_NO_CODE = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


@dataclass(frozen=True)
class Row:
    """A module with a set of parameters, and what it takes.

    data: file that a memory reads -> bits of a word, words; they are made up, the same every time. figures:
    by the names of FIGURES, empty where not counted yet. sources: digest of what they were counted of.
    """

    module: str
    parameters: dict[str, int | str] = field(default_factory=dict)
    family: str = "xcup"
    data: dict[str, tuple[int, int]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    sources: str = ""

    @property
    def name(self) -> str:
        """Module and set, as messages have it."""
        said = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.module} {said or 'as it is'} ({self.family})"


def modules() -> set[str]:
    """Names of our modules, as their files are named."""
    return set(_OURS)


def load(path: Path = TABLE) -> list[Row]:
    """The table's rows in its order."""
    rows = []
    for given in yaml.safe_load(path.read_text(encoding="utf-8")):
        figures = {name: given.pop(name) for name in FIGURES if name in given}
        rows.append(Row(**given, figures=figures))
    return rows


def save(rows: Sequence[Row], path: Path = TABLE) -> None:
    """Write them below the table's head, a line for the set and one for what it takes."""
    before = path.read_text(encoding="utf-8").splitlines()
    lines = list(itertools.takewhile(lambda line: line.startswith("#"), before))
    for row in rows:
        asked = {
            key: value for key, value in asdict(row).items() if key not in ("figures", "sources") and value
        }
        if row.family == "xcup":
            del asked["family"]
        counted = {**row.figures, "sources": row.sources}
        for text in (f"- {json.dumps(asked)[:-1]},", f"   {json.dumps(counted)[1:]}"):
            lines.append(re.sub(r'"(\w+)":', r"\1:", text))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def files(module: str) -> list[Path]:
    """Sources of a module and of those that it instantiates or imports, packages first."""
    found, wanted = dict[str, Path](), [module]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _FILES[name]
            words = set(re.findall(r"\w+", _code(_FILES[name])))
            wanted += sorted(words & _FILES.keys())
    return sorted(found.values(), key=lambda path: (not path.stem.endswith("_pkg"), path.name))


def _code(path: Path) -> str:
    """Its text without comments, spaces of any length one space."""
    return " ".join(_NO_CODE.sub(" ", path.read_text(encoding="utf-8")).split())


def digest(row: Row) -> str:
    """Of all that a row's figures depend on but the flow: 12 hex digits."""
    asked = json.dumps([row.module, row.parameters, row.family, row.data], sort_keys=True)
    text = "\n".join([asked, *(_code(path) for path in files(row.module))])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def measure(row: Row) -> Row:
    """The row with what Yosys makes of it now. ToolError, whose log stays, where it does not take it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{row.module}-"))
    for file, (bits, words) in row.data.items():
        (folder / file).write_text(_words(bits, words), encoding="utf-8")
    sources = copy_finn_sources(files(row.module), folder)
    given: dict[str, Any] = {
        key: f'"{value}"' if isinstance(value, str) and not re.match(r"\d+'", value) else value
        for key, value in row.parameters.items()
    }
    found = synth_module(folder, sources, row.module, row.family, folder / "work", given)
    shutil.rmtree(folder)
    counted = {**found, "levels": found["timing"]["levels"]}
    return replace(row, figures={name: counted[name] for name in FIGURES}, sources=digest(row))


def _words(bits: int, words: int) -> str:
    values = (
        pow(7, i + 1, 2**31 - 1) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251 for i in range(words)
    )
    return "".join(f"{sum(v << 160 * k for k in range(bits // 160 + 1)) % 2**bits:x}\n" for v in values)


def differences(old: Row, new: Row) -> str:
    """One line: the row, and each figure that is another; empty where none is."""
    said = [
        f"{name} {old.figures.get(name, 'none')} -> {new.figures[name]}"
        for name in FIGURES
        if old.figures.get(name) != new.figures[name]
    ]
    return f"{old.name}: {', '.join(said)}" if said else ""


def measured(rows: Sequence[Row], jobs: int = 2) -> Iterator[tuple[Row, Row]]:
    """Each row as it is in the table and measured anew, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(rows, pool.map(measure, rows), strict=True)


def stale(rows: Sequence[Row]) -> list[Row]:
    """Those whose sources, parameters or data are others than what they were counted of."""
    return [row for row in rows if row.sources != digest(row)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="module_resources", description="Counts what modules take.")
    parser.add_argument("modules", nargs="*", help="only these; all")
    parser.add_argument("--all", action="store_true", help="those whose sources are as they were too")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a row differs")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    rows = load()
    chosen = [row for row in rows if not given.modules or row.module in given.modules]
    chosen = chosen if given.all or given.check else stale(chosen)
    changed = 0
    for old, new in measured(chosen, given.jobs):
        if line := differences(old, new):
            changed += 1
            print(line, flush=True)
        if not given.check:
            rows[rows.index(old)] = new
            save(rows)
    print(f"{len(chosen)} of {len(rows)} rows counted, {changed} differ")
    return 1 if given.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
