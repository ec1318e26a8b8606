# SPDX-License-Identifier: Apache-2.0
"""Trainings that stop, are killed or begun again: they go on as if nothing had happened, and none is lost."""

import itertools
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from tiny_training import LONG, TINY, interrupt, mean_score, same_weights

from fpgan.hw.system import files
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.signals import Terminated
from fpgan.model import step as stepping
from fpgan.model import train as training
from fpgan.model.train import load_run, train

pytestmark = pytest.mark.usefixtures("no_classifier")


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_resumed_is_uninterrupted(stop, tmp_path):
    whole = train(TINY, tmp_path / "whole", steps=7)
    train(TINY, tmp_path / "parts", steps=stop)
    parts = train(TINY, tmp_path / "parts", steps=7, resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "parts")
    assert parts["score"] == whole["score"]
    assert parts["steps"] == 7


def test_resume_needs_the_same_settings_and_something_to_resume(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        train(TINY, tmp_path, steps=2, resume=True)
    train(TINY, tmp_path, steps=2)
    with pytest.raises(ValueError, match=r"lr=0\.001"):
        train(replace(TINY, lr=2e-3), tmp_path, steps=3, resume=True)
    with pytest.raises(ValueError, match="2 steps already"):
        train(TINY, tmp_path, steps=1, resume=True)


def test_a_training_is_not_thrown_away(tmp_path):
    """The same command again overwrote what an interrupted one had done, without a word."""
    with pytest.raises(KeyboardInterrupt):
        train(LONG, tmp_path, progress=lambda step, *_: step == 2 and interrupt())
    refused = r"holds a training that has not ended \(3 steps\); go on with it by --resume, .* --overwrite"
    for again in (LONG, replace(LONG, steps=0)):
        with pytest.raises(ValueError, match=refused):
            train(again, tmp_path)
    train(LONG, tmp_path, resume=True)
    with pytest.raises(
        ValueError, match=r"holds a training of 7 steps; choose .* replace it with --overwrite"
    ):
        train(LONG, tmp_path)
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(ValueError, match=r"metrics\.json: is damaged: .*; choose .* --overwrite"):
        train(LONG, tmp_path)
    train(replace(LONG, steps=0), tmp_path, overwrite=True)
    assert not (tmp_path / "training.safetensors").exists()
    train(LONG, tmp_path, steps=1)  # a calibration may go


def test_one_training_at_a_time(tmp_path):
    """Two into one folder both said that they had succeeded."""
    with only_writer(tmp_path), pytest.raises(ValueError, match="another process is writing it"):
        train(TINY, tmp_path, steps=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(5))
def test_killed_while_it_takes_another_one_s_place(at, run, tmp_path, monkeypatch):
    """The files of two trainings side by side are not taken for one."""
    train(replace(TINY, steps=0).with_bits("W8A8"), tmp_path)
    replaced, count = os.replace, itertools.count()

    def killed(*arguments):
        if next(count) == at:
            raise SystemExit
        replaced(*arguments)

    monkeypatch.setattr(files.os, "replace", killed)
    if at < 4:
        with pytest.raises(SystemExit):
            train(TINY, tmp_path, steps=0)
    else:
        train(TINY, tmp_path, steps=0)
    monkeypatch.undo()
    if at == 1:  # the new checkpoint with the old settings
        with pytest.raises(ValueError, match=r"is not of the generator in config\.yaml"):
            load_run(tmp_path)
    else:
        old = load_run(tmp_path)[1].generator.weight_bits == 8
        assert old == (at == 0) and (old or same_weights(tmp_path, run))
    monkeypatch.setattr(training, "score", mean_score)
    train(TINY, tmp_path, steps=0)
    assert same_weights(tmp_path, run) and not list(tmp_path.glob(".*"))


_KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from fpgan.hw.system import files
from fpgan.model import train
from fpgan.model.config import TrainConfig
out, at, while_saving = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "saving"
train._SAVE_EVERY = 4
train.score = lambda *_: {}
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
def progress(step, *_):
    if step == at:
        die()
    if step == at - 1 and while_saving:
        files.os.replace = die
train.train(TrainConfig.from_yaml(sys.argv[4]), out, progress=progress)
"""


@pytest.mark.parametrize(("at", "when"), [(1, "step"), (4, "step"), (6, "step"), (4, "saving")])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(at, when, whole_run, tmp_path):
    """Killed before the first checkpoint, right after one, between two, and while one is written."""
    LONG.to_yaml(tmp_path / "c.yaml")
    out = tmp_path / "run"
    arguments = [str(out), str(at), when, str(tmp_path / "c.yaml")]
    killed = subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False, timeout=100)
    assert killed.returncode == -signal.SIGKILL
    torch.set_num_threads(2)  # the state brings its own number along
    train(LONG, out, resume=True)
    assert torch.get_num_threads() == 1
    assert same_weights(whole_run, out)
    assert not list(out.glob(".*"))


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "score", mean_score)
        train(LONG, folder)
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_between_two_steps(number, whole_run, tmp_path, monkeypatch):
    """It comes inside step 3, whose discriminator is updated already: the step is finished, then saved."""
    update, seen = stepping._update, []

    def interrupted(state, name, loss):
        value = update(state, name, loss)
        if state.step == 2 and name == "discriminator":
            os.kill(os.getpid(), number)
        return value

    monkeypatch.setattr(stepping, "_update", interrupted)
    with pytest.raises((KeyboardInterrupt, Terminated)) as ended:
        train(LONG, tmp_path, progress=lambda step, *_: seen.append(step))
    assert number == signal.SIGINT or ended.value.code == 128 + number
    assert seen == [1, 2, 3]
    monkeypatch.setattr(stepping, "_update", update)
    train(LONG, tmp_path, resume=True, progress=lambda step, *_: seen.append(step))
    assert seen == list(range(1, LONG.steps + 1))
    assert same_weights(whole_run, tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_one_line(value, tmp_path, monkeypatch):
    bce = stepping._bce
    calls = []

    def spoilt(logits, label):
        calls.append(label)
        return bce(logits, label) * (value if len(calls) == 6 else 1)  # the second step's generator

    monkeypatch.setattr(stepping, "_bce", spoilt)
    with pytest.raises(training.Diverged) as error:
        train(LONG, tmp_path)
    assert str(error.value).startswith(f"step 2: the generator's loss is {value}; try a smaller lr")
    assert "\n" not in str(error.value)


def test_spoilt_weights_are_never_saved(tmp_path, monkeypatch):
    update = stepping._update

    def spoilt(state, name, loss):
        value = update(state, name, loss)
        if state.step == 2 and name == "generator":
            state.generator.layers[0][0].weight.data[0, 0] = float("inf")
        return value

    monkeypatch.setattr(stepping, "_update", spoilt)
    with pytest.raises(training.Diverged, match="no longer finite"):
        train(LONG, tmp_path, steps=3)
    monkeypatch.setattr(stepping, "_update", update)
    train(LONG, tmp_path, steps=3, resume=True)
