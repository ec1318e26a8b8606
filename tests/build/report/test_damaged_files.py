# SPDX-License-Identifier: Apache-2.0
"""The report of a BUILD whose files are damaged: a page, or one line that names the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reported_build import MORE, add_power, make_build, write
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.report.page import report

FILES = {"report": "build", "sim": "sim", "synth": "synth", "power": "power"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "3", '"x"', "[" * 5000, "\xff", "{} {}"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, text: str) -> None:
    """It used to be taken for one that had not been made, or ended in a traceback."""
    build = make_build(tmp_path / "b")
    (build / f"{name}.json").write_text(text, encoding="latin-1")
    told = CliRunner().invoke(app, ["report", str(build)], env={"COLUMNS": "400", "NO_COLOR": "1"})
    assert told.exit_code == 2 and not (build / "report.html").exists()
    (line,) = told.stderr.strip().splitlines()
    assert line.startswith(f"error: {build / name}.json: ")
    assert line.endswith(f"; run fpgan {FILES[name]} again")


@pytest.mark.parametrize("name", FILES)
def test_whatever_a_file_holds_it_is_a_page_or_one_line(tmp_path: Path, name: str) -> None:
    """Every value replaced by one of another kind, or taken out: nothing but an error that names the file."""
    build = make_build(tmp_path / "b")
    add_power(build)
    path, refused = build / f"{name}.json", 0
    whole = json.loads(path.read_text(encoding="utf-8")) | (MORE if name == "report" else {})
    others = (None, True, -1, 0, 1e300, "x", [], {}, [{}])
    for i, place in enumerate(places(whole)):
        for other in (others[i % len(others)], ...):
            write(path, altered(whole, place, other))
            try:
                report(build)
            except ValueError as error:
                line = str(error)
                assert line.startswith(f"{path}: ") and place[0] in line and "\n" not in line
                refused += 1
    assert refused >= 10


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The keys and indices that lead to each value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (key,)
        yield from ((key, *rest) for rest in places(inner))


def altered(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """A copy with another value at a place, or with none where other is `...`."""
    if not place:
        return other
    new = altered(value[place[0]], place[1:], other)
    if isinstance(value, list):
        return [*value[: place[0]], *([] if new is ... else [new]), *value[place[0] + 1 :]]
    return {k: v for k, v in value.items() if k != place[0]} | ({} if new is ... else {place[0]: new})
