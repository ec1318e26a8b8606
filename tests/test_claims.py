# SPDX-License-Identifier: Apache-2.0
"""CLAIMS.md and the README say the same: words that are gone and numbers that no row covers are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_LONE = re.compile(rf"(?<![\w.^-]){_NUMBER}(?!\w|-\d)")  # none of a name (mnist32) or a size (32x32)
_TABLE = "table: "
_GENERATED = re.compile(
    r"<!-- of .*?<!-- as far as here -->", re.DOTALL
)  # build/bench/readme.py; it has a test
_HOW = ["proved", "simulated", "gate", "counted", "routed", "modelled", "tested", "published", "not"]


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows, heads left out."""
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if not line.startswith("-")]
    return [row for row in cells if row[0] != "claim"]


def plain(text: str) -> str:
    """Words and numbers alone: no fences, comments, markup, numbers of a list, or line breaks."""
    text = re.sub(r"^```.*?^```\n|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"[*`]|\]\([^)]*\)|^- |^\d\. ", "", text, flags=re.MULTILINE)
    return " ".join(text.replace("|", " ").split())


def spans(words: str, readme: str) -> list[tuple[int, int]]:
    """Where the README has these words of a claim, # being any number, or one of several."""
    pattern = re.escape(plain(words)).replace("\\#", f"{_NUMBER}(?: or {_NUMBER})*")
    return [found.span() for found in re.finditer(pattern, readme)]


def tables(readme: str, first: str) -> str:
    """The README without its tables whose head begins with `first`; unchanged where there is none."""
    return re.sub(rf"^\| {re.escape(first)} \|.*\n(?:\|.*\n)+", "", readme, flags=re.MULTILINE)


def faults(readme: str, claims: str) -> Iterator[str]:
    """What the page claims and the README does not say, and numbers of the README that it leaves out."""
    fragments = [part for row in rows(claims) for part in row[0].split(" ... ")]
    whole, rest = plain(readme), readme
    for head in (part.removeprefix(_TABLE) for part in fragments if part.startswith(_TABLE)):
        before, rest = rest, tables(rest, head)
        if rest == before:
            yield f"the README has no table: {head}"
    text, covered = plain(_GENERATED.sub("", rest)), set[int]()
    for fragment in (part for part in fragments if not part.startswith(_TABLE)):
        if not spans(fragment, whole):
            yield f"the README does not say: {fragment}"
        covered |= {place for start, end in spans(fragment, text) for place in range(start, end)}
    for number in _LONE.finditer(text):
        if number.start() not in covered:
            yield f"no claim covers: {text[max(0, number.start() - 40) : number.end() + 20]}"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "tests/CLAIMS.md").read_text(encoding="utf-8")


def test_the_page_covers_the_readme(page):
    found = list(faults((ROOT / "README.md").read_text(encoding="utf-8"), page))
    assert not found, "\n".join(found)


def test_generated_figures_are_held_by_a_test_of_their_own():
    readme = f"{README}<!-- of X, by Y -->\n5 or 6 rows\n<!-- as far as here -->\nand 9 more\n"
    claims = "| at 3,000 fps, in 12 % ... # rows ... table: a | `x` | tested | |\n"
    assert [text.split(": ", 1)[0] for text in faults(readme, claims)] == ["no claim covers"]


def test_every_row_says_how_and_its_tests_exist(page):
    for claim, command, how, _ in rows(page):
        assert how.split()[0].strip(":,;") in _HOW or how.startswith("cycles"), claim
        for name in re.findall(r"(tests/[\w/.]+)", command):
            assert (ROOT / name).exists(), name
        for name, test in re.findall(r"(tests/[\w/.]+)::(\w+)", command):
            assert f"def {test}(" in (ROOT / name).read_text(encoding="utf-8"), f"{name}::{test}"


README = "# X\n\n**Fast**: `mnist32` at 3,000 fps,\nin 12 %.\n\n| a | b |\n|---|---|\n| 7 | 8.5 |\n"


@pytest.mark.parametrize(
    "claims, said",
    [
        ("| mnist32 at 3,000 fps, in 12 % ... table: a | `x` | tested | |\n", []),
        ("| at # fps ... in # %, 9 ... table: a | `x` | tested | |\n", ["say: in # %, 9", "covers: .*12"]),
        ("| at # fps ... # % ... 7 8.5 | `x` | tested | |\n", []),
        ("| at 3,000 fps ... table: a | `x` | tested | |\n", ["covers: .*12"]),
        ("| at 4,000 fps ... in 12 % ... table: a | `x` | tested | |\n", ["say: at 4", "covers: .*3,000"]),
        ("| at 3,000 fps, in 12 % | `x` | tested | |\n", ["covers: .*7", "covers: .*8.5"]),
        ("| at 3,000 fps, in 12 % ... 7 ... table: b | `x` | tested | |\n", ["table: b", "covers: .*8.5"]),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_named(claims, said):
    found = list(faults(README, claims))
    assert len(found) == len(said) and all(
        re.search(one, text) for one, text in zip(said, found, strict=True)
    )
