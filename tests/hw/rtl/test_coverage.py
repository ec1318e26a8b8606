# SPDX-License-Identifier: Apache-2.0
"""`make coverage`: what simulations count becomes a table, and lines that none reaches are explained."""

from __future__ import annotations

import sys

import pytest
import rtl_coverage
import yaml

from fpgan.hw.sources import rtl_file

LINES = rtl_file("fifo.sv").read_text(encoding="utf-8").splitlines()
LINE = next(number for number, text in enumerate(LINES, 1) if "count_q" in text)


def point(kind: str, comment: str, count: int, file: str = "/any/where/fifo.sv", page: str = "fifo") -> str:
    said = {
        "f": file,
        "l": LINE,
        "n": 3,
        "t": kind,
        "page": f"v_{kind}/{page}",
        "o": comment,
        "h": "bench.c0",
    }
    return "C '" + "".join(f"\x01{name}\x02{value}" for name, value in said.items()) + f"' {count}\n"


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    first = [
        point("line", "block", 3), point("branch", "else", 0), point("toggle", "count_q[0]:0->1", 0),
        point("branch", "else", 1, "/any/bench.sv"),
    ]  # fmt: skip
    (data / "1.dat").write_text("# SystemC::Coverage-3\n" + "".join(first))
    second = [point("toggle", "count_q[0]:0->1", 5, page="fifo__W2"), point("toggle", "count_q[0]:1->0", 0)]
    (data / "2.dat").write_text("# SystemC::Coverage-3\n" + "".join(second))
    return data


def test_simulations_and_parameters_add_up(folder):
    found = rtl_coverage.counted(folder)
    assert found["fifo"].lines == {(LINE, "block"): 3, (LINE, "else"): 0}
    rows = list(rtl_coverage.table(found))
    assert "| fifo | 50.0 % | 2 | 50.0 % | 2 |" in rows and "| channels | - | 0 | - | 0 |" in rows
    assert rows[-1] == "| all | 50.0 % | 2 | 50.0 % | 2 |"


def test_a_line_that_is_not_reached_is_explained_or_an_error(folder, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["rtl_coverage", str(folder)])
    explained = tmp_path / "uncovered.yaml"
    monkeypatch.setattr(rtl_coverage, "EXPLAINED", explained)
    explained.write_text("{}")
    assert rtl_coverage.main() == 1
    line = f"fifo.sv:{LINE}: else: {LINES[LINE - 1].strip()}"
    assert f"not explained in uncovered.yaml: {line}" in capsys.readouterr().out
    assert f"- {line}" in (tmp_path / "coverage.md").read_text()
    explained.write_text(yaml.safe_dump({"fifo": [{"line": LINES[LINE - 1].strip(), "why": "a reason"}]}))
    assert rtl_coverage.main() == 0


def test_functions_of_constants_do_not_count(tmp_path, monkeypatch):
    lines = rtl_file("width_convert.sv").read_text(encoding="utf-8").splitlines()
    inside = 1 + next(number for number, text in enumerate(lines, 1) if "function automatic" in text)
    text = point("line", "block", 0, "/any/width_convert.sv").replace(f"l\x02{LINE}", f"l\x02{inside}")
    (tmp_path / "1.dat").write_text(text)
    assert rtl_coverage.counted(tmp_path)["width_convert"].lines == {}
    (tmp_path / "2.dat").write_text(text.replace("' 0", "' 4"))
    assert rtl_coverage.counted(tmp_path)["width_convert"].lines == {(inside, "block"): 4}


def test_nothing_counted_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"holds no \*\.dat; set FPGAN_COVERAGE to it"):
        rtl_coverage.counted(tmp_path)


def test_what_is_explained_is_in_the_sources():
    for name, entries in yaml.safe_load(rtl_coverage.EXPLAINED.read_text(encoding="utf-8")).items():
        lines = {line.strip() for line in rtl_file(f"{name}.sv").read_text(encoding="utf-8").splitlines()}
        assert {one["line"] for one in entries} <= lines and all(one["why"] for one in entries)
