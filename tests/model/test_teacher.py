# SPDX-License-Identifier: Apache-2.0
"""A narrow generator learns the images of a wide one, and goes on doing so when resumed."""

from __future__ import annotations

from dataclasses import replace

import made_up
import pytest
import torch
from safetensors.torch import load_file

from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.run import load_run
from fpgan.model.train import train

PUPIL = replace(
    PRESETS["tiny"],
    batch=8,
    features=4,
    float_steps=2,
    decay=0.0,
    ema=0.0,
    distill=10.0,
    tuning="adversarial",
    betas=(0.5, 0.999),
)
PUPIL = replace(PUPIL, generator=replace(PUPIL.generator, channels=(8, 4)))


@pytest.fixture(autouse=True)
def _no_classifier(monkeypatch):
    """The score takes seconds and has its own tests."""
    monkeypatch.setattr(training, "score", lambda generator, images: made_up.score())


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    train(replace(PRESETS["tiny"], seed=7), folder, steps=0)
    return folder


def distance(run, teacher):
    """Mean squared distance of their images."""
    (pupil, _), (wide, _) = load_run(run), load_run(teacher)
    latents, _ = wide.random_latents(64, torch.Generator().manual_seed(5))
    with torch.no_grad():
        return float((pupil(latents) - wide(latents)).square().mean())


def test_the_images_come_nearer_to_the_teachers(teacher, tmp_path):
    seen = []
    config = replace(PUPIL, distill=200.0, lr=2e-3)
    train(config, tmp_path / "taught", steps=60, teacher=teacher, progress=lambda *a: seen.append(a[2]))
    train(config, tmp_path / "new", steps=0)
    assert all("distillation" in losses for losses in seen)  # from the first step on
    assert distance(tmp_path / "taught", teacher) < 0.7 * distance(tmp_path / "new", teacher)


@pytest.mark.parametrize("stop", [1, 3])
def test_resumed_it_keeps_its_teacher(stop, teacher, tmp_path):
    train(PUPIL, tmp_path / "whole", steps=5, teacher=teacher)
    train(PUPIL, tmp_path / "parts", steps=stop, teacher=teacher)
    train(PUPIL, tmp_path / "parts", steps=5, resume=True)
    whole, parts = (load_file(tmp_path / n / "checkpoint.safetensors") for n in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    with pytest.raises(ValueError, match="resume goes on with the teacher that it has"):
        train(PUPIL, tmp_path / "parts", steps=6, resume=True, teacher=teacher)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (replace(PUPIL, distill=0.0), "teacher: needs distill above 0"),
        (
            replace(PUPIL, generator=replace(PUPIL.generator, latent=8)),
            "teacher: has latent=16, this configuration 8",
        ),
        (
            replace(PUPIL, generator=replace(PUPIL.generator, channels=(8, 4, 4))),
            "teacher: has image_size=16, this configuration 32",
        ),
    ],
)
def test_a_teacher_that_does_not_fit_is_one_line(config, message, teacher, tmp_path):
    with pytest.raises(ValueError, match=message) as error:
        train(config, tmp_path / "out", teacher=teacher)
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()
