# SPDX-License-Identifier: Apache-2.0
"""What a study refuses, in one line, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from json_schema import faults
from PIL import Image
from small_study import SPEC, Json, write
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.files import schema_of
from fpgan.build.study import run, study
from fpgan.build.study.spec import Spec
from fpgan.build.study.study_file import MEASURED, RECORD, RESULT, StudyFile, TrialFile
from fpgan.build.study.trial import finished, locked, record
from fpgan.hw.system.files import PassingError
from fpgan.hw.system.tools import ToolError
from fpgan.model import train as training


@pytest.mark.parametrize(
    "error",
    [
        PassingError("x: cannot be written (No space left on device)"),
        OSError(28, "No space left on device"),
        ToolError("synthesis of a: python was ended by signal 9", passing=True),
    ],
)
def test_what_is_none_of_a_trial_s_is_not_kept(
    error: Exception, tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or a cache that two wrote, was kept as a trial's failure for good."""

    def fails(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_step", fails)
        with pytest.raises(ToolError, match=r"start the study again to go on with it$"):
            study(write(tmp_path), tmp_path / "study", scheduler=scheduler)
    assert not list((tmp_path / "study").glob(f"trials/*/{RESULT}"))
    result = study(write(tmp_path), tmp_path / "study", scheduler=scheduler)
    assert (result["done"], result["failed"]) == (2, 0)


def test_another_specification_is_refused(tmp_path: Path, scheduler: str) -> None:
    folder = tmp_path / "study"
    study(write(tmp_path), folder, scheduler=scheduler)
    changes: list[tuple[Json, str]] = [
        ({"steps": 3}, r"begun with base\.(float_)?steps=2, which is now 3; choose another --out"),
        ({"space": {"generator.weight_bits": [2, 3]}}, r"space.generator.weight_bits=\[2, 4\], which is now"),
        ({"build": {"board": "zcu104"}}, "begun with build.board=None, which is now zcu104"),
        ({"objectives": ["score"]}, r"begun with objectives=\['score', 'lut_equivalents'\]"),
    ]
    for keys, line in changes:
        with pytest.raises(ValueError, match=line) as caught:
            study(write(tmp_path, **keys), folder)
        assert "\n" not in str(caught.value)


def test_folders_that_cannot_be_a_study(tmp_path: Path) -> None:
    path = write(tmp_path)
    with pytest.raises(ValueError, match="is not empty and holds no study; choose another folder"):
        study(path, tmp_path)
    (tmp_path / "study").mkdir()
    held = locked(tmp_path / "study" / ".lock")
    with held, pytest.raises(ValueError, match="this study is running already, in another process"):
        study(path, tmp_path / "study")


def test_a_missing_dataset_fails_once_before_any_trial(tmp_path: Path, scheduler: str) -> None:
    """Each trial used to fail with it, and with the path put right the folder was another study's."""
    path, folder = write(tmp_path, base=SPEC["base"] | {"dataset": "none"}), tmp_path / "study"
    with pytest.raises(ValueError, match=f"^dataset {tmp_path / 'none'}: no folder"):
        study(path, folder, scheduler=scheduler)
    assert not folder.exists()


def test_a_dataset_that_has_gone_fails_no_further_trial(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder, images = (
        write(tmp_path, base=SPEC["base"] | {"dataset": "i"}),
        tmp_path / "s",
        tmp_path / "i",
    )
    images.mkdir()
    Image.new("L", (8, 8)).save(images / "a.png")
    monkeypatch.setattr(run, "pool", lambda *_: 1 / 0)  # is killed before its first trial
    with pytest.raises(ZeroDivisionError):
        study(path, folder)
    images.rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=f"^dataset {images}: no folder"):
        study(path, folder)
    assert not (folder / "trials").exists()


def test_an_unsaid_field_is_not_written(tmp_path: Path) -> None:
    plan = Spec.from_yaml(write(tmp_path))
    assert record(tmp_path, StudyFile, plan.record()) == plan.record() == finished(tmp_path, StudyFile)
    assert not list(faults(plan.record(), schema_of("study")))
    for kind, result in (
        (TrialFile, {"error": "no", "more": 1}),
        (StudyFile, plan.record() | {"base": {"more": 1}}),
    ):
        with pytest.raises(TypeError, match=r"has no field (more|base)"):
            record(tmp_path, kind, result)
    assert list(faults(plan.record() | {"bases.x": 1}, schema_of("study")))


DAMAGED = r"(is|has) .*; put it back .* another --out$"


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "null", "{}", "\xff", "[" * 2000])
def test_a_damaged_result_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / RESULT).write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=rf"^{tmp_path / RESULT}: {DAMAGED}"):
        finished(tmp_path)


def test_a_damaged_study_is_one_line(tmp_path: Path) -> None:
    path, folder = write(tmp_path), tmp_path / "study"
    plan, place = Spec.from_yaml(path), folder / "trials" / "0000"
    place.mkdir(parents=True)
    record(folder, StudyFile, plan.record())
    run.Finder(plan, folder).next()
    record(place, TrialFile, {"error": "no"})
    for name, text in ((MEASURED, "{}"), (RESULT, '{"error": null}'), (f"../../{RECORD}", "[]")):
        (place / name).write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=rf"{Path(name).name}: {DAMAGED}"):
            study(path, folder)
        (place / MEASURED).unlink(missing_ok=True)


def command(*arguments: object) -> Any:
    environment = {"COLUMNS": "300", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["study", *map(str, arguments)], env=environment)


def test_command(tmp_path: Path, scheduler: str) -> None:
    path = write(tmp_path, space={"generator.weight_bits": [2, 4], "build.budget": [None, {"LUT": 50}]})
    plain = command(path, "--scheduler", scheduler, "--out", tmp_path / "study")
    assert plain.exit_code == 0, plain.stderr
    lines = plain.stdout.splitlines()
    assert lines[0].endswith("study: 2 trials, 2 failed") and lines[-1].endswith("trials.parquet")
    assert any("generator.weight_bits=4" in line and "LUT" in line and "(model)" in line for line in lines)
    assert sum("failed: no folding fits" in line for line in lines) == 2
    told = json.loads(command(path, "--out", tmp_path / "study", "--json").stdout)
    assert [r["trial"] for r in told["trials"]] == [0, 1, 2, 3] and told["done"] == 2
    assert not list(faults(told, schema_of("studied")))


def test_command_with_nothing_that_could_be_built(tmp_path: Path, scheduler: str) -> None:
    path = write(tmp_path, build={"budget": {"LUT": 50}})
    failed = command(path, "--scheduler", scheduler, "--out", tmp_path / "study")
    assert failed.exit_code == 1 and "error: every trial failed" in failed.stderr
    assert (tmp_path / "study" / "report.html").exists()
    assert failed.stdout.splitlines()[-1].endswith("study/report.html, trials.parquet")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--workers", 0], "error: --workers 0: must be 1 or more"),
        (["--steps", 0], "error: --steps 0: must be 1 or more"),
        (["--scheduler", "nowhere"], "error: scheduler nowhere: does not answer"),
    ],
)
def test_command_refuses_in_one_line(
    arguments: list[Any], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpgan.build.study.pool._CONNECT", "0.2s")
    refused = command(write(tmp_path), "--out", tmp_path / "study", *arguments)
    assert refused.exit_code == 2
    (said,) = refused.stderr.strip().splitlines()
    assert line in said
