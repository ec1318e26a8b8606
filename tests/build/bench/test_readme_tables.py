# SPDX-License-Identifier: Apache-2.0
"""The README's tables are those of the committed BENCH.json, whose designs are those of designs.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from json_schema import faults

from fpgan.build.bench.designs import all_designs
from fpgan.build.bench.readme import MARKS, RELEASED, between, tables, write, written
from fpgan.build.files import schema_of

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    if not RELEASED.exists():
        pytest.skip("no release has been measured")
    return dict(json.loads(RELEASED.read_text(encoding="utf-8")))


def test_the_readme_holds_the_tables_of_the_release(released: dict[str, Any]) -> None:
    _, found, _ = between(README.read_text(encoding="utf-8"), README)
    assert found == written(released), "python -m fpgan.build.bench.readme writes them anew"


def test_the_release_is_whole_and_of_designs_as_they_are(released: dict[str, Any]) -> None:
    assert not list(faults(released, schema_of("BENCH"))) and released["complete"]
    known = {design.name: design for design in all_designs()}
    for row in released["designs"]:
        design = known[row["name"]]
        assert (row["board"], row["preset"], row["network"]) == (design.board, design.preset, design.network)
        assert (row["target_fps"], row["budget"]) == (design.target_fps, design.budget or None)
        assert row["max_utilization"] == design.max_utilization and row["error"] is None
        assert row["mismatches"] == 0


def row_of(**given: Any) -> dict[str, Any]:
    return {
        "name": "x", "preset": "mnist32", "weight_bits": [2] * 4, "act_bits": [2] * 3, "board": "zcu104",
        "target_fps": 30000.0, "cycles_per_image": 4160, "efficiency": 1.0784, "rival": None,
        "images": 16, "mismatches": 0, "resources_from": "estimate", "clock_mhz": 125.0, "estimated_ns": 5.0,
        "gops": 263.9, "gops_with_zeros": 1055.6,
        "resources": {"LUT": 23040, "FF": 1, "DSP": 7, "BRAM18": 9, "URAM": 0},
        "at_estimated_clock": {"clock_mhz": 125.0, "frames_per_second": 30048.1, "gops": 263.9}, **given,
    }  # fmt: skip


def test_a_line_says_estimates_shares_and_clocks() -> None:
    row = row_of()
    text = tables({"designs": [row]})
    line = "| mnist32 at W2A2 at 30,000 images/s, ZCU104 | **4,160** | 1.08 "
    assert (
        f"{line}| ~23,040 (10 %) | ~7 (0 %) | ~9 (1 %) | 125, of 200 | 30,048 |" in text
        and "as the build estimates them" in text
    )
    row |= {"resources_from": "yosys", "estimated_ns": 10.0}
    row["at_estimated_clock"]["clock_mhz"] = 100.0
    text = tables({"designs": [row]})
    assert "| 23,040 (10 %) | 7 (0 %) | 9 (1 %) | 100 | 30,048 |" in text and "~" not in text
    assert "At 100 MHz mnist32 at W2A2 at 30,000 images/s, ZCU104, does 0.26 TOPS" in text


def test_a_name_of_ours_the_rival_and_designs_that_are_not_timed() -> None:
    rival = {"cycles_per_image": 65536}
    ours = row_of(name="mnist32-ultra96-rival-size", board="ultra96", weight_bits=[4] * 4, act_bits=[4] * 3,
                  target_fps=None, rival=rival)  # fmt: skip
    text = tables({"designs": [ours, row_of(at_estimated_clock=None), row_of(cycles_per_image=None)]})
    assert "| mnist32 within the rival's LUT and BRAM, Ultra96 | **4,160** (65,536) |" in text
    assert text.count("\n| ") == 2  # the heading's line and that design's
    assert "0 pixels of 16 images" in text


def test_only_what_stands_between_the_marks_is_written(tmp_path: Path) -> None:
    readme, bench = tmp_path / "README.md", tmp_path / "BENCH.json"
    measured = {"complete": True, "failed": [], "designs": [row_of()]}
    bench.write_text(json.dumps(measured), encoding="utf-8")
    readme.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nbehind\n", encoding="utf-8")
    write(readme, bench)
    text = readme.read_text(encoding="utf-8")
    assert text == f"before\n{MARKS[0]}\n\n{tables(measured)}\n\n{MARKS[1]}\nbehind\n"
    write(readme, bench)
    assert readme.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("order", [(), (0,), (1, 0), (0, 1, 0, 1)])
def test_a_readme_without_marks_is_refused(order: tuple[int, ...], tmp_path: Path) -> None:
    text = "".join(f"{MARKS[i]}\n" for i in order)
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must hold <!-- of"):
        write(readme)
    assert readme.read_text(encoding="utf-8") == text
