# SPDX-License-Identifier: Apache-2.0
"""`fpgan train` and `fpgan evaluate`: what they print, and exit codes."""

import io
import json
import os
import re
import shlex
import signal
import time
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from fpgan.build.cli import common
from fpgan.build.cli.main import app
from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.evaluate import score


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setattr(training, "score", lambda generator, images: score(generator, images, samples=50))


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "c.yaml"
    replace(PRESETS["tiny"], batch=8, features=4, steps=10, float_steps=5).to_yaml(path)
    return path


def _run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_train_then_evaluate_to_the_digit(config, tmp_path):
    base, out = tmp_path / "float", tmp_path / "run"
    assert _run("train", "--config", config, "--bits", "float", "--steps", 4, "--out", base).exit_code == 0
    done = _run("train", "--config", config, "--steps", 4, "--set", "seed=3", "--out", out)
    assert done.exit_code == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert done.stdout.splitlines()[0].startswith(f"{out}: 4 steps in ")
    assert f"lenet-frechet {metrics['score']['value']} " in done.stdout
    saved = training.load_run(out)[1]
    assert (saved.steps, saved.float_steps, saved.seed) == (4, 2, 3)
    again = _run("evaluate", out, "--samples", 50, "--json")
    assert json.loads(again.stdout) == metrics["score"]
    beside = _run("evaluate", out, "--samples", 50, "--baseline", base)
    assert "the same network in float, trained as long: " in beside.stdout


def test_resume_needs_no_configuration(config, tmp_path):
    assert _run("train", "--config", config, "--out", tmp_path / "run").exit_code == 0
    done = _run("train", "--resume", "--steps", 10, "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert ": 10 steps in " in done.stdout
    assert training.load_run(tmp_path / "run")[1].float_steps == 5


def test_the_same_command_again_is_refused(config, tmp_path):
    command = ("train", "--config", config, "--steps", 2, "--out", tmp_path / "run")
    assert _run(*command).exit_code == 0
    again = _run(*command)
    assert again.exit_code == 2 and "holds a training of 2 steps" in again.stderr
    assert _run(*command, "--overwrite").exit_code == 0


def test_a_conditional_score_is_printed_by_label(tmp_path):
    config = replace(PRESETS["tiny"], batch=8, features=4, steps=2, float_steps=1)
    config = replace(config, generator=replace(config.generator, classes=10))
    config.to_yaml(tmp_path / "c.yaml")
    done = _run("train", "--config", tmp_path / "c.yaml", "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert "the classifier sees the label asked for in " in done.stdout
    assert "  label 9: agreement " in done.stdout


def test_what_is_held_out_and_the_labels_are_counted(tmp_path, monkeypatch):
    """In metrics.json as on the screen; the score is by those that are held out as well."""
    from PIL import Image

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.setattr("fpgan.model.clipart._FEW", 20)
    for i in range(60):
        folder = tmp_path / "png" / ("animals", "food/fruit")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (4 * i, 0, 90)).save(folder / f"{i}.png")
    config = replace(PRESETS["tiny"], batch=8, features=4, steps=2, dataset=f"clipart:{tmp_path / 'png'}")
    config = replace(config, generator=replace(config.generator, classes=2, image_channels=3))
    config.to_yaml(tmp_path / "c.yaml")
    done = _run("train", "--config", tmp_path / "c.yaml", "--out", tmp_path / "run")
    assert done.exit_code == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    learnt, held, labels = metrics["images"], metrics["held_out"], metrics["labels"]
    assert learnt + held == 60 and [label["name"] for label in labels] == ["animals", "food/fruit"]
    assert sum(label["images"] for label in labels) == learnt
    assert f"{learnt} images to learn from, {held} held out\n  label 0: animals, " in done.stdout
    assert metrics["score"]["held_out"]["images"] == held
    assert f"by {held} images that no training saw: " in done.stdout and "; recall " in done.stdout


def test_broken_images_are_named_at_the_end(config, tmp_path):
    from PIL import Image

    (tmp_path / "data").mkdir()
    for i in range(12):
        Image.new("L", (16, 16), i * 20).save(tmp_path / "data" / f"{i}.png")
    (tmp_path / "data" / "7.png").write_text("broken")
    settings = replace(training.TrainConfig.from_yaml(config), dataset=str(tmp_path / "data"), workers=0)
    settings.to_yaml(config)
    done = _run("train", "--config", config, "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert "1 broken images skipped: 7.png" in done.stdout
    assert json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))["images"] == 11


def test_an_interrupted_training_says_how_to_go_on(config, tmp_path, monkeypatch):
    """With the options that RUN does not hold; before anything is saved there is nothing to go on from."""
    out, step = tmp_path / "my run", training.train_step

    def interrupted(state, batch):
        os.kill(os.getpid(), signal.SIGINT)
        return step(state, batch)

    def too_early(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "training_images", too_early)
        done = _run("train", "--config", config, "--out", out)
        assert (done.exit_code, done.stderr.strip()) == (130, "interrupted; nothing is saved yet")
    with monkeypatch.context() as patch:
        patch.setattr(training, "train_step", interrupted)
        done = _run("train", "--config", config, "--tensorboard", "--out", out)
    command = f"fpgan train --resume --out '{out}' --tensorboard"
    assert (done.exit_code, done.stderr.strip()) == (130, f"interrupted; to go on: {command}")
    done = _run(*shlex.split(command)[1:])
    assert done.exit_code == 0 and ": 10 steps in " in done.stdout


def test_progress_tells_the_time_that_is_left(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with common.bar("train") as progress:
        for step in range(1, 4):
            progress(step, 1000)
            time.sleep(0.01)
    assert re.search(r"gone, .*0:0\d:\d\d.* left", shown.getvalue())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "give either --preset or --config"),
        (["train", "--preset", "huge"], "--preset huge: must be one of tiny, "),
        (["train", "--preset", "tiny", "--bits", "W9A4"], "weight_bits=9: must be 2 to 8"),
        (["train", "--preset", "tiny", "--set", "generator.klasses=3"], "unknown key generator.klasses"),
        (["train", "--preset", "tiny", "--set", "generator.classes=3"], "dataset digits has 10 labels"),
        (["train", "--preset", "tiny", "--resume"], "training.safetensors: does not exist"),
        (["train", "--resume"], "training.safetensors: does not exist"),
        (["train", "--resume", "--overwrite"], "give either --resume or --overwrite"),
        (["evaluate", "nowhere"], "nowhere: no RUN folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = _run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_divergence_is_one_line_and_exit_code_1(config, tmp_path, monkeypatch):
    def diverged(state, batch):
        raise training.Diverged("step 1: the generator's loss is nan; try less")

    monkeypatch.setattr(training, "train_step", diverged)
    done = _run("train", "--config", config, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "error: step 1: the generator's loss is nan" in done.stderr
