# SPDX-License-Identifier: Apache-2.0
"""A bench that goes on from what an ended one left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpgan.build.bench import bench, resume, row, software
from fpgan.build.bench.designs import BenchDesign
from fpgan.hw.system.reading import DamagedError

FIRST = BenchDesign("first", "tiny", "ultra96", checkpoint="seed32")
SECOND = replace(FIRST, name="second", board="zcu104")

Json = dict[str, Any]


class Bench:
    """A bench of FIRST and SECOND that measures nothing and says what it was to measure."""

    def __init__(self, out: Path) -> None:
        self.out, self.measured, self.interrupted, self.broken = out, list[str](), "", ""

    def measure(self, design: BenchDesign, *_: Any) -> Json:
        self.measured.append(design.name)
        if design.name == self.interrupted:
            raise KeyboardInterrupt
        (self.out / "bench" / design.name).mkdir(exist_ok=True)
        made = row._identity(design)
        return made | {"error": "no folding fits" if design.name == self.broken else None}

    def resumed(self, designs: tuple[BenchDesign, ...] = (FIRST, SECOND), **asked: Any) -> list[str]:
        self.measured.clear()
        made = bench(self.out, designs=designs, resume=True, **asked)
        assert made["complete"] and [one["name"] for one in made["designs"]] == [one.name for one in designs]
        return self.measured


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setattr(row, "measure", made.measure)
    monkeypatch.setattr(software, "measure", lambda run, say: [])
    monkeypatch.setattr("fpgan.build.bench.run.draw", lambda result, path: None)
    return made


def test_what_is_done_stays(one: Bench) -> None:
    one.interrupted = "second"
    with pytest.raises(KeyboardInterrupt):
        bench(one.out, designs=[FIRST, SECOND])
    one.interrupted = ""
    assert one.resumed() == ["second"] and one.resumed() == []
    assert one.resumed((SECOND, FIRST)) == []
    bench(one.out, designs=[FIRST, SECOND])
    assert one.measured == ["first", "second"]  # not asked to resume


def test_what_failed_or_has_no_build_is_measured_again(one: Bench) -> None:
    one.broken = "second"
    assert one.resumed() == ["first", "second"] and one.resumed() == ["second"]
    one.broken = ""
    assert one.resumed() == ["second"]
    (one.out / "bench" / "first").rmdir()
    assert one.resumed() == ["first"]


def test_what_comes_from_something_else_is_measured_again(
    one: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert one.resumed() == ["first", "second"]
    assert one.resumed(images=5) == ["first", "second"] and one.resumed(images=5, synth=False) == [
        "first", "second",
    ]  # fmt: skip
    assert one.resumed(images=5, synth=False) == []
    assert one.resumed((FIRST, replace(SECOND, budget={"LUT": 9})), images=5, synth=False) == ["second"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "checkpoint.safetensors").write_bytes(b"other weights")
    with monkeypatch.context() as patch:
        patch.setattr(resume, "shipped", lambda name: tmp_path / "other")
        assert one.resumed((FIRST,), images=5, synth=False) == ["first"]
    monkeypatch.setattr(resume, "_program", lambda: "another version")
    assert one.resumed((FIRST,), images=5, synth=False) == ["first"]


def test_the_program_is_its_sources_and_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    before, files = resume._program.__wrapped__(), resume._files
    assert resume._program.__wrapped__() == before
    monkeypatch.setattr(resume, "_files", lambda folder: list(files(folder))[1:])
    assert resume._program.__wrapped__() != before
    monkeypatch.setattr(resume, "_files", files)
    monkeypatch.setattr(resume, "distributions", lambda: [])
    assert resume._program.__wrapped__() != before
    assert any(name == "rtl/engine/deconv.sv" for name, _ in files(Path(resume.__file__).parents[2] / "hw"))


def test_another_file_of_that_name_is_refused(one: Bench) -> None:
    (one.out / "BENCH.json").write_text('{"designs": 3}')
    with pytest.raises(DamagedError, match="without --resume"):
        one.resumed()
