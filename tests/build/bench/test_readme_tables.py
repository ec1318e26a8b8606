# SPDX-License-Identifier: Apache-2.0
"""The README's tables are those of the committed BENCH.json, whose designs are those of designs.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from json_schema import faults

from fpgan.build.bench.designs import all_designs
from fpgan.build.bench.readme import MARKS, RELEASED, between, tables, write
from fpgan.build.files import schema_of

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    return dict(json.loads(RELEASED.read_text(encoding="utf-8")))


def test_the_readme_holds_the_tables_of_the_release(released: dict[str, Any]) -> None:
    _, found, _ = between(README.read_text(encoding="utf-8"), README)
    assert found == tables(released) + "\n", "python -m fpgan.build.bench.readme writes them anew"


def test_the_release_is_whole_and_of_designs_as_they_are(released: dict[str, Any]) -> None:
    assert not list(faults(released, schema_of("BENCH"))) and released["complete"]
    known = {design.name: design for design in all_designs()}
    for row in released["designs"]:
        design = known[row["name"]]
        assert (row["board"], row["preset"], row["network"]) == (design.board, design.preset, design.network)
        assert (row["target_fps"], row["budget"]) == (design.target_fps, design.budget or None)
        assert row["max_utilization"] == design.max_utilization and row["error"] is None
        assert row["mismatches"] == 0


def test_a_line_says_estimates_shares_and_clocks(released: dict[str, Any]) -> None:
    row = json.loads(json.dumps(released["designs"][0]))
    row |= {"name": "x", "preset": "mnist32", "weight_bits": [2] * 4, "act_bits": [2] * 3, "board": "zcu104",
            "target_fps": 30000.0, "cycles_per_image": 4160, "efficiency": 1.0784, "rival": None,
            "resources_from": "estimate", "clock_mhz": 125.0, "estimated_ns": 5.0}  # fmt: skip
    row["resources"] = {"LUT": 23040, "FF": 1, "DSP": 7, "BRAM18": 9, "URAM": 0}
    row["at_estimated_clock"] = {"clock_mhz": 125.0, "frames_per_second": 30048.1, "gops": 263.9}
    text = tables({"designs": [row]})
    line = "| mnist32 at W2A2 at 30,000 images/s, ZCU104 | **4,160** | 1.08 | ~23,040 (10%) | 7 | 9 "
    assert f"{line}| 125, of 200 | 30,048 |" in text and "as the build estimates them" in text
    row |= {"resources_from": "yosys", "estimated_ns": 10.0}
    row["at_estimated_clock"]["clock_mhz"] = 100.0
    text = tables({"designs": [row]})
    assert "| 23,040 (10%) | 7 | 9 | 100 | 30,048 |" in text and "~" not in text
    assert "At 100 MHz mnist32 at W2A2 at 30,000 images/s, ZCU104, does 0.26 TOPS" in text


def test_only_what_stands_between_the_marks_is_written(tmp_path: Path, released: dict[str, Any]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nbehind\n", encoding="utf-8")
    write(readme)
    text = readme.read_text(encoding="utf-8")
    assert text == f"before\n{MARKS[0]}\n{tables(released)}\n{MARKS[1]}\nbehind\n"
    write(readme)
    assert readme.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "text", ["", f"{MARKS[0]}\n", f"{MARKS[1]}\n{MARKS[0]}\n", f"{MARKS[0]}\n{MARKS[1]}\n" * 2]
)
def test_a_readme_without_marks_is_refused(order: tuple[int, ...], tmp_path: Path) -> None:
    text = "".join(f"{MARKS[i]}\n" for i in order)
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must hold <!-- of"):
        write(readme)
    assert readme.read_text(encoding="utf-8") == text
