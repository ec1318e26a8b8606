# SPDX-License-Identifier: Apache-2.0
"""Studies of the smallest generators, on a Dask scheduler inside the test's process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import optuna
import pandas as pd
import pytest
import yaml
from distributed import LocalCluster
from json_schema import faults
from PIL import Image
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.files import schema_of
from fpgan.build.study import run, study
from fpgan.build.study import search as searching
from fpgan.build.study.spec import BuildOptions, Spec
from fpgan.build.study.study_file import MEASURED, RECORD, RESULT, StudyFile, TrialFile
from fpgan.build.study.trial import RUN, finished, locked, parent, record, trial
from fpgan.hw.system.files import PassingError
from fpgan.hw.system.tools import ToolError
from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.run import CHECKPOINT, METRICS

Json = dict[str, Any]
SPEC: Json = {
    "name": "small", "preset": "tiny", "steps": 2, "images": 0,
    "base": {"batch": 4, "features": 2, "generator": {"latent": 4, "channels": [4]}},
    "build": {"max_utilization": 0.03},
    "space": {"generator.weight_bits": [2, 4]},
}  # fmt: skip


def write(folder: Path, **keys: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(SPEC | keys, sort_keys=False))
    return path


def scored(generator: Any, images: Any) -> Json:
    """In place of a distance: the fewer bits, the worse."""
    bits = sum(generator.config.layer_weight_bits)
    return made_up.score(name="bits", value=10.0 / bits)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a scheduler with one worker, a thread of this process."""
    with (
        pytest.MonkeyPatch.context() as patch,
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, memory_limit=0, dashboard_address=None
        ) as cluster,
    ):
        patch.setattr(training, "score", scored)
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> tuple[Path, Json]:
    """A grid from float parents of which two trials cannot be built, its Pareto set of one point measured."""
    folder = tmp_path_factory.mktemp("study")
    space = SPEC["space"] | {"build.budget": [None, {"LUT": 50}]}
    path = write(folder, images=2, parent_steps=1, objectives=["score"], space=space)
    return folder, study(path, folder / "study", scheduler=scheduler)


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_failed_trials_are_recorded_and_the_others_go_on(measured: tuple[Path, Json]) -> None:
    folder, result = measured
    assert (result["done"], result["failed"]) == (2, 2)
    assert [r["state"] for r in result["trials"]] == ["done", "failed"] * 2
    for r in (result["trials"][i] for i in (1, 3)):
        assert r["error"].startswith("no folding fits LUT=50") and "\n" not in r["error"]
        place = folder / "study" / "trials" / f"{r['trial']:04d}"
        assert "InfeasibleError" in (place / "error.log").read_text()
        assert json.loads((place / RESULT).read_text()) == {"error": r["error"]}
    kept = optuna.load_study(study_name="small", storage=f"sqlite:///{folder / 'study' / 'optuna.db'}")
    assert [t.state.name for t in kept.trials] == ["COMPLETE", "FAIL"] * 2
    assert kept.trials[1].user_attrs["error"] == result["trials"][1]["error"]
    found = pd.read_parquet(folder / "study" / "trials.parquet")
    assert list(found["build.budget"].astype(object).fillna("")) == ["", '{"LUT": 50}'] * 2


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_the_pareto_set_is_measured(measured: tuple[Path, Json]) -> None:
    folder, result = measured
    assert result["pareto"] == [2]  # four bits, and buildable
    first, best = result["trials"][0], result["trials"][2]
    place = folder / "study" / "trials" / "0002"
    counted = json.loads((place / "build" / "synth.json").read_text())["totals"]
    sim = json.loads((place / "build" / "sim.json").read_text())
    assert {kind: best[kind] for kind in ("LUT", "DSP", "BRAM18")} == {
        kind: counted[kind] for kind in ("LUT", "DSP", "BRAM18")
    }
    assert best["cycles_per_image"] == sim["cycles_per_image"] and best["mismatches"] == 0
    assert (best["resources_from"], best["cycles_from"]) == ("yosys", "simulated")
    assert (first["resources_from"], first["cycles_from"], first["mismatches"]) == (
        "model",
        "predicted",
        None,
    )


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_every_field_stands_in_the_schemas(measured: tuple[Path, Json]) -> None:
    """One that a task writes unsaid, or does not write; of trials, those that fail and float parents."""
    paths = [p for p in (measured[0] / "study").rglob("*.json") if p.name in (RECORD, RESULT, MEASURED)]
    assert sorted(p.name for p in paths) == [MEASURED, RECORD, *[RESULT] * 5]
    for path in paths:
        kept = json.loads(path.read_text(encoding="utf-8"))
        assert not list(faults(kept, schema_of(path.stem))), path
        assert list(faults(kept | {"more": 1}, schema_of(path.stem))), path


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_trials_share_a_float_parent(measured: tuple[Path, Json]) -> None:
    folder, _ = measured
    (place,) = (folder / "study" / "parents").iterdir()
    metrics = json.loads((place / RUN / METRICS).read_text())
    assert metrics["steps"] == 1 and metrics["bits"]["weights"] == [32, 32]


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_the_page_needs_no_other_file(measured: tuple[Path, Json]) -> None:
    folder, result = measured
    page = (folder / "study" / "report.html").read_text()
    sources = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert len(sources) == 4 and all(s.startswith("data:") for s in sources)  # icon, two plots, samples
    text = re.sub(r'"data:[^"]*"', "", page)
    assert not any(word in text for word in ("<script", "url(", "@import", "http"))
    assert result["trials"][1]["error"] in text and "0 pixels differ" in text
    with Image.open(folder / "study" / "pareto.png") as picture:
        assert picture.size[0] > 1000 and len(np.unique(np.asarray(picture.convert("L")))) > 20


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
def test_a_finished_study_starts_nothing(
    measured: tuple[Path, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, result = measured
    monkeypatch.setattr(run, "pool", None)
    assert study(folder / "spec.yaml", folder / "study") == result


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_search_goes_on_and_tries_nothing_twice(sampler: str, tmp_path: Path, scheduler: str) -> None:
    space = {
        "generator.weight_bits": [2, 3, 4],
        "build.max_utilization": {"low": 0.05, "high": 0.09, "step": 0.02},
    }
    objectives = ["score", "frames_per_second", "LUT"]

    def upto(trials: int) -> Json:
        search = {"sampler": sampler, "trials": trials, "seed": 1}
        path = write(tmp_path, space=space, search=search, objectives=objectives)
        return study(path, tmp_path / "study", scheduler=scheduler)

    first = upto(3)
    second = upto(5)
    values = [(r["generator.weight_bits"], r["build.max_utilization"]) for r in second["trials"]]
    assert len(first["trials"]) == 3 and len(values) == len(set(values)) == 5
    assert [r["score"] for r in second["trials"][:3]] == [r["score"] for r in first["trials"]]
    kept = optuna.load_study(study_name="small", storage=f"sqlite:///{tmp_path / 'study' / 'optuna.db'}")
    assert [d.name for d in kept.directions] == ["MINIMIZE", "MAXIMIZE", "MINIMIZE"]
    own = {t.number: t for t in kept.trials if "copy_of" not in t.user_attrs}
    assert [r["trial"] for r in second["trials"]] == sorted(own)
    for r in second["trials"]:
        assert own[r["trial"]].values == [r[name] for name in objectives]


def test_a_search_ends_when_everything_has_been_tried(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_COPIES", 20)
    path = write(tmp_path, search={"trials": 9})
    result = study(path, tmp_path / "study", scheduler=scheduler)
    assert sorted(r["generator.weight_bits"] for r in result["trials"]) == [2, 4]


def test_a_trial_that_ended_unheard_is_not_run_again(tmp_path: Path, scheduler: str) -> None:
    path, folder = write(tmp_path), tmp_path / "study"
    plan = Spec.from_yaml(path)
    folder.mkdir()
    finder = run.Finder(plan, folder)
    assert finder.next() == (0, {"generator.weight_bits": 2})
    (folder / RECORD).write_text(json.dumps(plan.record()))
    place = folder / "trials" / "0000"
    place.mkdir(parents=True)
    record(place, TrialFile, {"error": "was killed before it could say so"})
    result = study(path, folder, scheduler=scheduler)
    assert [r["error"] for r in result["trials"]] == ["was killed before it could say so", None]
    assert not (place / RUN).exists()


def test_values_that_only_together_are_wrong_fail_one_trial(tmp_path: Path, scheduler: str) -> None:
    space = {"generator.weight_bits": [4, [4, 2]], "generator.channels": [[4], [4, 2]]}
    result = study(write(tmp_path, space=space), tmp_path / "study", scheduler=scheduler)
    errors = [r["error"] for r in result["trials"]]
    assert errors[:3] == [None] * 3 and errors[3].endswith("weight_bits: 2 values for 3 layers")


def test_a_parent_that_fails_fails_its_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "train_step", lambda *_: 1 / 0)
    config = PRESETS["tiny"].with_bits("float")
    origin = parent(tmp_path / "parent", config)
    assert origin == {"error": "ZeroDivisionError: division by zero"}
    result = trial(tmp_path / "trial", config, BuildOptions(), origin)
    assert result["error"] == "float parent: ZeroDivisionError: division by zero"
    assert not (tmp_path / "trial" / RUN / CHECKPOINT).exists()


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
