# SPDX-License-Identifier: Apache-2.0
"""A study on two Dask workers that is killed on the way: all trials exactly once, none trained otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pandas as pd
import psutil
import pytest
import yaml
from safetensors.torch import load_file

from fpgan.build.study.spec import Spec
from fpgan.build.study.trial import RESULT, RUN
from fpgan.model import train as train_module
from fpgan.model.run import CHECKPOINT, METRICS, STATE

SPEC = {
    "name": "killed", "preset": "tiny", "steps": 1500, "images": 0,
    "base": {"batch": 4, "features": 2, "generator": {"latent": 4, "channels": [4]}},
    "build": {"max_utilization": 0.03},
    "space": {"generator.weight_bits": [2, 3, 4]},
}  # fmt: skip
# A score takes many times as long as such a training: workers load this one in its place.
SCORE = """
from fpgan.model import train

def score(generator, images):
    value = sum(float(p.abs().sum()) for p in generator.parameters())
    return {"name": "weights", "value": value, "spread": None, "real_vs_real": 0.0}

train.score = score
"""
MAIN = "from fpgan.build.cli.main import main; main()"
PATIENCE = 500.0


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """The command, as leader of a process group of its own."""
    command = [sys.executable, "-c", MAIN, "study", "spec.yaml", "--workers", "2", "--out", "study"]
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(folder / "preload.py")}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def wait_for(process: subprocess.Popen[bytes], what: Callable[[], bool], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.02)


def training(folder: Path) -> set[str]:
    """Trials with a training under way, beyond its first steps being saved."""
    return {
        p.parts[-3] for p in folder.glob(f"study/trials/*/{RUN}/{STATE}") if not (p.parent / METRICS).exists()
    }


def done(folder: Path) -> dict[str, int]:
    """When each finished trial was written."""
    return {p.parent.name: p.stat().st_mtime_ns for p in folder.glob(f"study/trials/*/{RESULT}")}


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children()
    return [c for c in children if any("spawn_main" in part for part in c.cmdline())]


@pytest.mark.slow
def test_all_trials_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(SPEC, sort_keys=False))
    (tmp_path / "preload.py").write_text(SCORE)
    first = begin(tmp_path)
    try:
        wait_for(first, lambda: len(training(tmp_path)) == 2, tmp_path)
        workers(first)[0].send_signal(signal.SIGKILL)  # the study goes on without it
        wait_for(first, lambda: bool(done(tmp_path)) and bool(training(tmp_path)), tmp_path)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    before, half = done(tmp_path), training(tmp_path)
    assert before and half and len(before) < 3

    second = begin(tmp_path)
    assert second.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
    after = done(tmp_path)
    assert sorted(after) == ["0000", "0001", "0002"]
    assert {name: after[name] for name in before} == before  # what was finished has not been touched

    table = pd.read_parquet(tmp_path / "study" / "trials.parquet")
    assert list(table["trial"]) == [0, 1, 2] and list(table["generator.weight_bits"]) == [2, 3, 4]
    assert list(table["state"]) == ["done"] * 3
    kept = optuna.load_study(study_name="killed", storage=f"sqlite:///{tmp_path / 'study' / 'optuna.db'}")
    assert [t.state.name for t in kept.trials] == ["COMPLETE"] * 3
    assert [t.values[0] for t in kept.trials] == list(table["score"])

    resumed = sorted(half)[0]
    spec = Spec.from_yaml(tmp_path / "spec.yaml")
    config, _ = spec.settings(kept.trials[int(resumed)].params)
    monkeypatch.setattr(train_module, "score", lambda *_: None)
    train_module.train(config, tmp_path / "whole")
    ours = load_file(tmp_path / "study" / "trials" / resumed / RUN / CHECKPOINT)
    whole = load_file(tmp_path / "whole" / CHECKPOINT)
    assert all(tensor.equal(whole[name]) for name, tensor in ours.items())
