# SPDX-License-Identifier: Apache-2.0
"""Faults in Python, Tcl and RTL by their text, texts.yaml, each in a copy of the tree with tests for it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from fpgan.hw.system.tools import ToolError
from mutants.child import ROOT, child
from mutants.netlist import Mutant

TABLE = Path(__file__).with_name("texts.yaml")
_ROOMS = ("hw", "model", "sim", "build")
_COPIED = (*_ROOMS, "tests", "scripts", "pyproject.toml", "Makefile")


@dataclass(frozen=True)
class Text:
    """`old`, which stands once in `file`, becomes `new`; one of `tests` shall see it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    def put_in(self, text: str) -> str:
        """ValueError where it does not stand there once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {self.old!r} stands there {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


def table() -> list[Text]:
    entries = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return [
        Text(file, one["old"], one["new"], tuple(one["tests"].split()))
        for file, some in entries.items()
        for one in some
    ]


def digest() -> str:
    return hashlib.sha256(
        "".join((ROOT / text.file).read_text("utf-8") for text in table()).encode()
    ).hexdigest()[:16]


def judged(folder: Path, known: Sequence[str]) -> Iterator[tuple[str, Mutant, str]]:
    """Of each that is not `known`: its name, itself, and the tests that fail with it, "" where none does."""
    wanted = [text for text in table() if text.name not in known]
    if not wanted:
        return
    package = _copied(folder)
    for number, text in enumerate(wanted, 1):
        path = folder / text.file
        before = path.read_text(encoding="utf-8")
        path.write_text(text.put_in(before), encoding="utf-8")
        try:
            seen = _seen(text, folder, package)
        finally:
            path.write_text(before, encoding="utf-8")
        yield text.name, Mutant(number, text.file, text.old, text.new), seen


def _copied(folder: Path) -> Path:
    """A copy of the tree in `folder`; returns what holds the package made of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    package = folder / "package" / "fpgan"
    package.mkdir(parents=True)
    for part in (*map(folder.joinpath, _ROOMS), *folder.glob("build/package/*")):
        (package / part.name).symlink_to(part)
    return package.parent


def _seen(text: Text, folder: Path, package: Path) -> str:
    """The first test that fails; ToolError where pytest could run none."""
    log = folder / "pytest.log"
    words = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", *text.tests]
    try:
        child("pytest", words, folder, log, text.file, package)
    except ToolError:
        said = log.read_text(encoding="utf-8").splitlines()
        failed = [line for line in said if line.startswith(("FAILED ", "ERROR tests/"))]
        if not failed:
            raise
        return failed[0].removeprefix("FAILED ")[:200]
    return ""
