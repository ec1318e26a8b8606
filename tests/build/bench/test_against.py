# SPDX-License-Identifier: Apache-2.0
"""Two BENCH.json compared: what changed, what of it is worse, files that are none."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from json_schema import faults
from typer.testing import CliRunner

from fpgan.build.bench.against import compare, lines, read_bench
from fpgan.build.cli.main import app
from fpgan.build.files import schema_of

Json = dict[str, Any]


def design(name: str = "a") -> Json:
    return {
        "name": name, "preset": "tiny", "board": "ultra96", "weight_bits": [4], "act_bits": [4],
        "cores": None, "max_utilization": 0.8, "target_fps": None, "budget": None, "error": None,
        "cycles_per_image": 1000, "frames_per_second": 125000.0, "resources_from": "yosys",
        "resources": {"LUT": 10000, "FF": 20000, "DSP": 10, "BRAM18": 4, "URAM": 0},
        "at_estimated_clock": {"clock_mhz": 100.0, "frames_per_second": 100000.0, "gops": 1.0},
    }  # fmt: skip


def bench(*designs: Json, failed: tuple[str, ...] = ()) -> Json:
    return {"complete": True, "failed": list(failed), "designs": list(designs)}


def changed(**given: Any) -> Json:
    """Design a with other figures, those of objects in it by their own names."""
    row = design()
    for name, value in given.items():
        inner = next((row[key] for key in ("resources", "at_estimated_clock") if name in row[key]), row)
        (row if name in row else inner)[name] = value
    return row


# what changes -> what is worse
JUDGED: tuple[tuple[Json, tuple[str, ...]], ...] = (
    ({}, ()),
    ({"cycles_per_image": 1001}, ("cycles_per_image",)),
    ({"cycles_per_image": 999}, ()),
    ({"LUT": 10100}, ()),  # 1 % of LUTs and flip-flops is noise, no slice and no memory is
    ({"LUT": 10101}, ("LUT",)),
    ({"FF": 20201, "DSP": 11, "BRAM18": 5}, ("FF", "DSP", "BRAM18")),
    ({"URAM": 1}, ("URAM",)),
    ({"LUT": 9000, "clock_mhz": 98.9}, ("clock_mhz",)),
    ({"clock_mhz": 99.1}, ()),
    ({"frames_per_second": 123000.0}, ("frames_per_second",)),
    ({"LUT": 15000, "DSP": 20, "frames_per_second": 150000.0, "cycles_per_image": 900}, ()),  # paid for
    ({"LUT": 15000, "frames_per_second": 150000.0, "clock_mhz": 90.0}, ("clock_mhz",)),
)


@pytest.mark.parametrize(("given", "worse"), JUDGED)
def test_what_is_worse(given: Json, worse: tuple[str, ...]) -> None:
    found = compare(bench(design()), bench(changed(**given)), "OLD.json")
    (one,) = found["designs"]
    assert {change["figure"] for change in one["changes"]} == set(given)
    assert tuple(change["figure"] for change in one["changes"] if change["worse"]) == worse
    assert [line.split()[0] for line in one["worse"]] == list(worse)
    assert found["worse"] == (["a"] if worse else [])
    assert not list(faults(found, schema_of("compared")))


def test_images_per_second_at_the_estimated_clock() -> None:
    new = design()
    new["at_estimated_clock"]["frames_per_second"] = 90000.0
    (one,) = compare(bench(design()), bench(new), "OLD.json")["designs"]
    assert one["worse"] == ["images_per_second 100,000 -> 90,000 (-10.0%)"]


def test_a_design_that_fails_now() -> None:
    new = design() | {"error": "no folding fits", "resources": None, "at_estimated_clock": None}
    found = compare(bench(design()), bench(new, failed=("a",)), "OLD.json")
    assert found["designs"][0]["worse"] == ["fails: no folding fits"]
    failed_before = compare(bench(design(), failed=("a",)), bench(new, failed=("a",)), "OLD.json")
    assert failed_before["worse"] == []


def test_what_was_asked_or_counted_otherwise_is_not_compared() -> None:
    asked = design() | {"max_utilization": 0.9, "cycles_per_image": 2000}
    estimated = changed(LUT=99999, cycles_per_image=900) | {"resources_from": "estimate"}
    (one,) = compare(bench(design()), bench(asked), "OLD.json")["designs"]
    assert one["incomparable"] == ["asked for another max_utilization: 0.8 -> 0.9"] and not one["changes"]
    (one,) = compare(bench(design()), bench(estimated), "OLD.json")["designs"]
    assert one["incomparable"] == ["resources by yosys -> by estimate"]
    assert [change["figure"] for change in one["changes"]] == ["cycles_per_image"]


def test_lines_for_people() -> None:
    old = bench(design(), design("b"), design("gone"))
    new = bench(changed(LUT=20000), design("b"), design("fresh"))
    assert lines(compare(old, new, "OLD.json")) == [
        "against OLD.json:",
        "  a: LUT 10,000 -> 20,000 (+100.0%) WORSE",
        "  as they were: b",
        "  only in the earlier file: gone",
        "  not in the earlier file: fresh",
    ]


def run(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["bench", *words, "--out", str(folder / "out")])


def test_the_command_compares_two_files(tmp_path: Path) -> None:
    old, same, worse = (tmp_path / name for name in ("old.json", "same.json", "worse.json"))
    for path, content in ((old, design()), (same, design()), (worse, changed(cycles_per_image=2000))):
        path.write_text(json.dumps(bench(content)))
    found = run(tmp_path, "--against", str(old), "--measured", str(same))
    assert found.exit_code == 0 and "as they were: a" in found.output
    found = run(tmp_path, "--against", str(old), "--measured", str(worse), "--json")
    assert found.exit_code == 1 and not (tmp_path / "out").exists()
    assert json.loads(found.stdout)["error"] == f"a: worse than in {old}"


def test_the_command_measures_and_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's own exit code stays: a failed design is a failure, worse or not."""
    measured = bench(changed(LUT=20000), failed=("a",))
    monkeypatch.setattr("fpgan.build.bench.run.bench", lambda *_: copy.deepcopy(measured))
    monkeypatch.setattr("fpgan.build.bench.table.table", lambda _: "the table")
    old = tmp_path / "old.json"
    old.write_text(json.dumps(bench(design())))
    found = run(tmp_path, "--against", str(old))
    assert found.exit_code == 1 and "the table" in found.output
    assert f"a: failed or with mismatches; a: worse than in {old}" in found.output


# The file -> the line that is printed, after its path.
NO_BENCH: dict[str, tuple[str, str]] = {
    "damaged": ('{"complete": true, ', "is damaged: no JSON"),
    "empty": ("{}", "has no complete"),
    "another": ('{"complete": true, "failed": [], "designs": {"a": 1}}', "must be a list"),
    "a row that is none": (json.dumps(bench({"name": "a"})), "has no designs[0].preset"),
    "text for a number": (json.dumps(bench(design() | {"cycles_per_image": "9"})), "must be a whole number"),
    "one twice": (json.dumps(bench(design(), design())), "has one twice"),
}


@pytest.mark.parametrize("name", NO_BENCH)
def test_what_is_no_bench_is_one_line(name: str, tmp_path: Path) -> None:
    text, said = NO_BENCH[name]
    path = tmp_path / "old.json"
    path.write_text(text)
    for words in (("--against", str(path)), ("--against", str(path), "--json")):
        found = run(tmp_path, *words)
        assert found.exit_code == 2 and said in found.output and str(path) in found.output
        assert "give a BENCH.json" in found.output and found.output.count("\n") <= 3
    assert not (tmp_path / "out").exists()


def test_files_of_other_versions_are_read(tmp_path: Path) -> None:
    """Fields that came later are missing, others are there."""
    row = {"name": "a", "preset": "tiny", "board": "ultra96", "cycles_per_image": 900, "watts": 3}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(bench(row)))
    (one,) = compare(read_bench(path), bench(design()), path)["designs"]
    assert one["worse"] == ["cycles_per_image 900 -> 1,000 (+11.1%)"]
