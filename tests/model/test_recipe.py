# SPDX-License-Identifier: Apache-2.0
"""The parts of the training recipe: each does what it is for, and resumes exactly."""

import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_training import CHECKPOINT, RECIPE, TINY, interrupt, same_weights

from fpgan.model.data import Batch
from fpgan.model.drawing import generate
from fpgan.model.state import TrainState
from fpgan.model.step import _deceived, _steepness, _told_apart, train_step
from fpgan.model.train import load_run, train

pytestmark = pytest.mark.usefixtures("no_classifier")


OTHER = replace(
    RECIPE,
    loss="hinge",
    discriminator_norm="spectral",
    discriminator_rate=2.0,
    r1=1.0,
    augment=("flip", "colour"),
)


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, tuning="distillation", decay=0.0), OTHER])
@pytest.mark.parametrize("stop", [2, 3, 5])  # float_steps is 3: before, at and after the teacher is taken
def test_every_part_of_the_recipe_resumes_exactly(stop, recipe, tmp_path):
    losses = {}
    train(recipe, tmp_path / "whole", progress=lambda step, _, seen: losses.setdefault(step, seen))
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "parts", progress=lambda step, *_: interrupt() if step == stop - 1 else None)
    with pytest.raises(ValueError, match="steps=7, which is now 9"):  # the learning rate depends on it
        train(recipe, tmp_path / "parts", steps=9, resume=True)
    train(recipe, tmp_path / "parts", resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "parts")
    assert ["distillation" in losses[step] for step in range(1, 8)] == [False] * 3 + [True] * 4
    assert all(seen.get("distillation", 1) > 0 for seen in losses.values())


def test_each_part_of_the_recipe_changes_the_result(tmp_path):
    made = [train(RECIPE, tmp_path / "all", steps=6)["score"]["value"]]
    for off in (
        {"distill": 0.0},
        {"distill_features": 0.0},
        {"augment": ("cutout",)},
        {"ema": 0.0},
        {"decay": 0.0},
        {"loss": "hinge"},
        {"discriminator_norm": "spectral"},
        {"discriminator_norm": "none"},
        {"discriminator_rate": 2.0},
        {"r1": 10.0},
    ):
        made.append(
            train(replace(RECIPE, **off), tmp_path / "off", steps=6, overwrite=True)["score"]["value"]
        )
    assert len(set(made)) == len(made)


def test_distillation_keeps_the_pupil_with_its_teacher(tmp_path):
    """Without it the generator leaves the teacher that it starts as."""
    last = {}
    for weight in (1000.0, 1e-6):
        seen = []
        config = replace(TINY, steps=60, batch=16, float_steps=4, distill=weight, lr=2e-3).with_bits("W8A8")
        out = tmp_path / f"{weight:g}"
        train(config, out, progress=lambda *a, seen=seen: seen.append(a[2].get("distillation")))
        assert seen[:4] == [None] * 4
        last[weight] = sum(seen[-5:]) / weight
    assert last[1000.0] < 0.1 * last[1e-6]


def test_tuning_learns_the_float_generators_images_and_nothing_else(tmp_path):
    """Up to then it is a float training; then no discriminator takes part, and the distance falls."""
    config = replace(
        TINY, steps=200, batch=32, float_steps=60, tuning="distillation", tuning_lr=3e-3, decay=0.5
    )
    seen = []
    train(config, tmp_path / "tuned", progress=lambda *a: seen.append(a[2]))
    assert [set(s) for s in seen] == [{"discriminator", "generator"}] * 60 + [{"distillation"}] * 140
    distances = [s["distillation"] for s in seen[60:]]
    assert sum(distances[-10:]) < 0.85 * sum(distances[:10])
    assert [config.step_lr(s) for s in (0, 29, 45, 60, 130)] == pytest.approx(
        [1e-3, 1e-3, 5e-4, 3e-3, 1.5e-3]
    )
    plain = []
    train(config.with_bits("float"), tmp_path / "float", steps=60, progress=lambda *a: plain.append(a[2]))
    assert plain == seen[:60]


def test_learned_scales_move_by_whole_powers_of_two(tmp_path):
    """A scale that is four times too large is made smaller by the teacher's pull."""
    config = replace(TINY, steps=200, float_steps=2, batch=16, distill=100.0, distill_features=10.0, lr=1e-3)
    config = replace(config, generator=replace(config.generator, scales="learned"))
    train(config, tmp_path / "start", steps=0)
    tensors = load_file(tmp_path / "start" / CHECKPOINT)
    scales = [name for name in tensors if name.endswith("scaling_impl.value")]
    for name in scales:
        tensors[name] += 2
    save_file(tensors, tmp_path / "w.safetensors")
    train(config, tmp_path / "run", init=tmp_path / "w.safetensors")
    after = load_file(tmp_path / "run" / CHECKPOINT)
    assert all(after[name] < tensors[name] - 0.5 for name in scales)


def test_distillation_needs_a_teacher(run, tmp_path):
    config = replace(RECIPE, float_steps=0, generator=TINY.generator)
    with pytest.raises(ValueError, match="needs a float generator: float_steps above 0, or init"):
        train(config, tmp_path)
    seen = []
    train(config, tmp_path, steps=2, init=run / CHECKPOINT, progress=lambda *a: seen.append(a[2]))
    assert all("distillation" in s for s in seen)


def test_float_bits_train_the_same_network_without_quantizers(tmp_path):
    config = replace(TINY, float_steps=0).with_bits("float")
    metrics = train(config, tmp_path / "float", steps=5)
    assert metrics["bits"]["weights"] == [32, 32, 32]
    generator, again = load_run(tmp_path / "float")
    assert again == replace(config, steps=5)
    assert not generator.quantized
    image = generator(torch.randn(1, 16, 1, 1))
    assert not torch.equal(image * 128, (image * 128).round())
    # what the first steps of a quantized run without its quantizers give, to the bit
    train(replace(TINY, float_steps=5), tmp_path / "twin", steps=5)
    float_weights, twin_weights = (load_file(tmp_path / n / CHECKPOINT) for n in ("float", "twin"))
    assert all(
        torch.equal(float_weights[name], twin_weights[name])
        for name in float_weights
        if "running" not in name
    )


def test_a_conditional_generator_is_taught_its_labels(tmp_path):
    """Images whose brightness is their label: after a few steps what is asked for is as bright."""
    images = [(torch.full((1, 16, 16), float(i % 2) * 1.6 - 0.8), i % 2) for i in range(64)]
    config = replace(TINY, generator=replace(TINY.generator, classes=2), batch=16, lr=2e-3, float_steps=30)
    train(config, tmp_path, steps=120, data=images)
    generator, _ = load_run(tmp_path)
    made, labels = generate(generator, 64, torch.Generator().manual_seed(0))
    assert made[labels == 1].mean() > made[labels == 0].mean() + 0.5


def test_losses_by_hand():
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 1.0])
    assert _told_apart("hinge", real, fake).item() == pytest.approx(0.5 / 2 + 2 / 2)
    assert _deceived("hinge", fake).item() == 1.0
    told = [math.log1p(math.exp(x)) for x in (-2.0, -0.5, -3.0, 1.0)]
    assert _told_apart("bce", real, fake).item() == pytest.approx(sum(told) / 2)
    assert _deceived("bce", fake).item() == pytest.approx(
        (math.log1p(math.exp(3)) + math.log1p(math.exp(-1))) / 2
    )


def test_the_penalty_makes_the_discriminator_flat_at_real_images(tmp_path):
    steep = {}
    for r1 in (0.0, 100.0):
        state = TrainState(replace(TINY, r1=r1, batch=16, discriminator_norm="none", steps=64))
        images = torch.rand(16, 1, 16, 16, generator=torch.Generator().manual_seed(0))
        for _ in range(64):
            train_step(state, Batch(images, None, []))
        steep[r1] = _steepness(state, images, None).item()
    assert steep[100.0] < 0.1 * steep[0.0]
