# SPDX-License-Identifier: Apache-2.0
"""The cache of synthesis: several writers, damaged entries, no room: none of them ends a `synth`."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from fpgan.build.implement.synth import cells, yosys
from fpgan.hw.design import Design, Layer
from fpgan.hw.system.files import write_bytes

ENTRY = dict.fromkeys(cells.COLUMNS, 3) | {
    "seconds": 0.1, "fanout": {"loads": 2, "net": "a"},
    "timing": {"ns": 1.0, "levels": 2, "start": "a", "end": "b", "paths": []}, "cells": {},
}  # fmt: skip
LAYER = Layer(name="one", op="X", module="one", sources=("one.sv",))


@pytest.fixture
def synthesized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """synthesized() -> entry and netlist of a layer, through the cache; `ran`: when Yosys would have."""
    ran: list[str] = []

    def instead(rtl: Path, sources: list[str], top: str, family: str, work: Path) -> dict[str, Any]:
        ran.append(top)
        work.mkdir(exist_ok=True)
        (work / "one.v").write_text("module one; endmodule")
        (work / "one_more.json").write_text("another layer's, which is being made")
        return dict(ENTRY)

    monkeypatch.setattr(yosys, "synth_module", instead)
    monkeypatch.setattr(yosys, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(yosys, "layer_digest", lambda design, layer: "digest")
    build = tmp_path / "build"
    (build / "rtl").mkdir(parents=True)
    design = Design.__new__(Design)
    object.__setattr__(design, "root", build)
    object.__setattr__(design, "family", "xcup")

    def run() -> tuple[dict[str, Any], str]:
        entry = yosys._synth_layer(design, LAYER)
        return entry, (build / "netlist" / "one.v").read_text()

    run.ran, run.build = ran, build  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize("name", ["digest.json", "digest.v.gz"])
@pytest.mark.parametrize("keep", [0, 1, 20, -5])
def test_a_damaged_entry_is_made_again(synthesized: Any, tmp_path: Path, name: str, keep: int) -> None:
    """Such an entry made every later synth print "Aborted."."""
    first = synthesized()
    assert synthesized() == first and synthesized.ran == ["one"]
    path = tmp_path / "cache" / "synth" / name
    path.write_bytes(path.read_bytes()[:keep])
    assert synthesized() == first and synthesized.ran == ["one", "one"]
    assert synthesized() == first and synthesized.ran == ["one", "one"]


def test_another_json_is_no_entry(synthesized: Any, tmp_path: Path) -> None:
    first = synthesized()
    for text in ("[]", "{}", json.dumps({"LUT": 1}), json.dumps(ENTRY | {"LUT": "3"})):
        (tmp_path / "cache" / "synth" / "digest.json").write_text(text)
        assert synthesized() == first


def test_a_cache_that_cannot_be_written_costs_time_alone(synthesized: Any, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert synthesized() == synthesized() and synthesized.ran == ["one", "one"]


def test_of_the_work_the_log_stays_and_what_others_write(synthesized: Any) -> None:
    synthesized()
    assert [path.name for path in (synthesized.build / "synth").iterdir()] == ["one_more.json"]


def _write(path: Path) -> int:
    failed = 0
    for _ in range(300):
        try:
            write_bytes(path, b"x" * 20_000)
        except ValueError:
            failed += 1
    return failed


def test_two_writers_of_one_entry_do_not_meet(tmp_path: Path) -> None:
    """They shared one .part name: one in sixty writes failed."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_write, [tmp_path / "digest.v.gz"] * 2) == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["digest.v.gz"]
