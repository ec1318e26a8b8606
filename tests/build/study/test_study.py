# SPDX-License-Identifier: Apache-2.0
"""Studies of the smallest generators, on a Dask scheduler inside the test's process."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from json_schema import faults
from PIL import Image
from small_study import SPEC, Json, write

from fpgan.build.files import schema_of
from fpgan.build.study import run, study
from fpgan.build.study import search as searching
from fpgan.build.study.spec import BuildOptions, Spec
from fpgan.build.study.study_file import MEASURED, RECORD, RESULT, TrialFile
from fpgan.build.study.trial import RUN, parent, record, trial
from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.run import CHECKPOINT, METRICS


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
