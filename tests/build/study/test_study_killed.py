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

import made_up
import optuna
import pandas as pd
import pytest
import yaml
from safetensors.torch import load_file

from fpgan.build.study.spec import Spec
from fpgan.build.study.study_file import RESULT
from fpgan.build.study.trial import RUN
from fpgan.model import train as training
from fpgan.model.run import CHECKPOINT

STEPS = 8
SPEC = {
    "name": "killed", "preset": "tiny", "steps": STEPS, "images": 0,
    "base": {"batch": 4, "features": 2, "generator": {"latent": 4, "channels": [4]}},
    "build": {"max_utilization": 0.03},
    "space": {"generator.weight_bits": [2, 3, 4]},
}  # fmt: skip
MAIN = "from fpgan.build.cli.main import main; main()"
PATIENCE = 550.0

# What each worker loads first: it writes down every step, saves every second one, and stays before step 5 of
# the trials of more than 2 bits while there is a file `hold`. A score takes many times as long as such a
# training, so there is another one in its place.
PRELOAD = """
import os, time
from pathlib import Path
from fpgan.model import train
from fpgan.model.step import train_step  # the unaltered one, however often Dask loads this

def noted(state, batch):
    bits = state.config.generator.weight_bits
    if state.step == 5 and bits > 2 and Path("hold").exists():
        Path(f"held-{os.getpid()}").touch()
        while Path("hold").exists():
            time.sleep(0.05)
    with open("steps", "a") as file:
        file.write(f"{bits} {state.step}\\n")
    return train_step(state, batch)

def score(generator, images):
    value = sum(float(p.abs().sum()) for p in generator.parameters())
    return SCORE | {"name": "weights", "value": value}

train._SAVE_EVERY, train.train_step, train.score = 2, noted, score
"""


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """The command, as leader of a process group of its own."""
    command = [sys.executable, "-c", MAIN, "study", "spec.yaml", "--workers", "2", "--out", "study"]
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(folder / "preload.py")}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it with all its workers, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(process: subprocess.Popen[bytes], what: Callable[[], bool], folder: Path) -> None:
    late = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None and time.monotonic() < late, (folder / "log").read_text()
        time.sleep(0.05)


def held(folder: Path) -> list[int]:
    """Workers that have come to where they wait, also those that are dead."""
    return [int(path.name.partition("-")[2]) for path in folder.glob("held-*")]


def done(folder: Path) -> dict[str, int]:
    """When each finished trial was written."""
    return {p.parent.name: p.stat().st_mtime_ns for p in folder.glob(f"study/trials/*/{RESULT}")}


def steps(folder: Path) -> list[tuple[int, int]]:
    """Weight bits and step of every training step so far."""
    return [tuple(map(int, line.split())) for line in (folder / "steps").read_text().splitlines()]  # type: ignore[misc]


@pytest.mark.slow
def test_all_trials_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(SPEC, sort_keys=False))
    (tmp_path / "preload.py").write_text(f"SCORE = {made_up.score()!r}\n{PRELOAD}")
    (tmp_path / "hold").touch()
    first = begin(tmp_path)
    try:
        wait_for(first, lambda: len(held(tmp_path)) == 2 and len(done(tmp_path)) == 1, tmp_path)
        os.kill(held(tmp_path)[0], signal.SIGKILL)  # another worker goes on with its trial
        wait_for(first, lambda: len(held(tmp_path)) == 3, tmp_path)
    finally:
        end(first)
    before, begun = done(tmp_path), len(steps(tmp_path))
    assert list(before) == ["0000"]

    (tmp_path / "hold").unlink()
    second = begin(tmp_path)
    try:
        assert second.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
    finally:
        end(second)
    after = done(tmp_path)
    assert sorted(after) == ["0000", "0001", "0002"]
    assert after["0000"] == before["0000"]  # what was finished has not been touched
    resumed = sorted(steps(tmp_path)[begun:])
    assert resumed == [(bits, step) for bits in (3, 4) for step in range(4, STEPS)]

    table = pd.read_parquet(tmp_path / "study" / "trials.parquet")
    assert list(table["trial"]) == [0, 1, 2] and list(table["generator.weight_bits"]) == [2, 3, 4]
    assert list(table["state"]) == ["done"] * 3
    kept = optuna.load_study(study_name="killed", storage=f"sqlite:///{tmp_path / 'study' / 'optuna.db'}")
    assert [t.state.name for t in kept.trials] == ["COMPLETE"] * 3
    assert [t.values[0] for t in kept.trials] == list(table["score"])

    config, _ = Spec.from_yaml(tmp_path / "spec.yaml").settings({"generator.weight_bits": 4})
    monkeypatch.setattr(training, "score", lambda *_: made_up.score())
    training.train(config, tmp_path / "whole")
    ours = load_file(tmp_path / "study" / "trials" / "0002" / RUN / CHECKPOINT)
    whole = load_file(tmp_path / "whole" / CHECKPOINT)
    assert all(tensor.equal(whole[name]) for name, tensor in ours.items())
