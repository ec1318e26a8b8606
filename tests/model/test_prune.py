# SPDX-License-Identifier: Apache-2.0
"""Pruning: dead channels go without a trace, the least important go first, and what is left trains on."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import made_up
import pytest
import torch
from torch import nn

from fpgan.model import prune as pruning
from fpgan.model import train as training
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.generator import Generator
from fpgan.model.prune import IMPORTANCE, kept_counts, prune, remove_channels
from fpgan.model.run import load_run, save_run, write_metrics
from fpgan.model.train import calibrate, train

DEAD = {0: (0, 3, 4, 7, 8, 11, 12, 15), 1: (1, 2, 5, 6)}
ALIVE = [[c for c in range(count) if c not in DEAD[i]] for i, count in enumerate((16, 8))]
PLAIN = {"distill": 0.0, "distill_features": 0.0, "decay": 0.0, "tuning": "adversarial"}
VARIANTS = {
    "deconv": {},
    "nearest bias": {"upsample": "nearest", "bias": True},
    "classes": {"classes": 10},
    "float": {"weight_bits": "float", "act_bits": "float"},
}


@pytest.fixture(autouse=True)
def _no_classifier(monkeypatch):
    """The score takes seconds and has its own tests."""
    monkeypatch.setattr(training, "score", lambda generator, images: made_up.score())


def half_dead(**fields):
    """An untrained tiny generator, half of whose channels put out nothing, and its settings.

    Its weights are spread so that half of them still ask for the same power of two as their scale.
    """
    config = replace(PRESETS["tiny"], batch=8, features=4, **PLAIN)
    config = replace(config, generator=replace(config.generator, weight_scales="tensor", **fields))
    torch.manual_seed(3)
    generator = Generator(config.generator)
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for layer in list(generator.layers)[:-1]:
            next(m for m in layer if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)).weight *= 1.3
        for norm, dead in zip(norms, DEAD.values(), strict=True):
            norm.weight[list(dead)], norm.bias[list(dead)] = 0.0, -0.1
    calibrate(generator, config.seed)
    return generator, config


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    save_run(folder, *half_dead(), made_up.metrics())
    return folder


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("by", IMPORTANCE)
def test_without_its_dead_channels_a_generator_makes_the_same_images(by, name, tmp_path):
    generator, config = half_dead(**VARIANTS[name])
    save_run(tmp_path, generator, config, made_up.metrics())
    metrics = prune(tmp_path, tmp_path / "small", ratio=0.5, by=by)
    assert metrics["pruned"]["kept"] == ALIVE and metrics["pruned"]["from"] == [16, 8]
    smaller, settings = load_run(tmp_path / "small")
    assert settings.generator.channels == (8, 4)
    latents, _ = generator.random_latents(48, torch.Generator().manual_seed(9))
    images = generator(latents)
    assert torch.equal(smaller(latents), images)
    assert images.std() > 0.1
    other = remove_channels(generator, [torch.arange(8), torch.tensor(ALIVE[1])])
    assert not torch.equal(other(latents), images)  # not so without channels that are alive


def test_taylor_importance_is_the_change_of_the_images():
    """The last activation comes into the image by one linear layer and Tanh: there it can be computed."""
    generator = Generator(replace(PRESETS["tiny"].generator, weight_bits="float", act_bits="float"))
    generator.image = nn.Identity()
    calibrate(generator, 0)
    found = IMPORTANCE["taylor"](generator, 0)[1]
    latents, _ = generator.random_latents(512, torch.Generator().manual_seed(1))
    activations, images = generator.activations(latents)
    expected = []
    for channel in range(8):
        without = activations[1].clone()
        without[:, channel] = 0
        expected.append((images - generator.layers[2](without)).square().sum((1, 2, 3)).mean())
    assert torch.allclose(found, torch.stack(expected), rtol=0.25)
    assert max(expected) > 1.5 * min(expected)  # an equal share for all would not do


def test_a_pruned_run_is_tuned_and_trained_on(run, tmp_path):
    seen = []
    metrics = prune(run, tmp_path / "a", channels=(10, 3), steps=3, progress=lambda *a: seen.append(a[:2]))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert metrics["steps"] == 3 and [len(k) for k in metrics["pruned"]["kept"]] == [10, 3]
    assert metrics == json.loads((tmp_path / "a" / "metrics.json").read_text())
    prune(run, tmp_path / "b", channels=(10, 3))
    config = TrainConfig.from_yaml(tmp_path / "b" / "config.yaml")
    assert (config.generator.channels, config.steps) == ((10, 3), PRESETS["tiny"].steps)
    train(config, tmp_path / "c", steps=0, init=tmp_path / "b")
    (small, _), (again, _), (tuned, _) = (load_run(tmp_path / name) for name in "bca")
    assert torch.equal(small.layers[1][0].weight, again.layers[1][0].weight)
    assert not torch.equal(small.layers[1][0].weight, tuned.layers[1][0].weight)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either ratio or channels"),
        ({"ratio": 0.5, "channels": (8, 4)}, "give either ratio or channels"),
        ({"ratio": 1.0}, "ratio=1.0: must be above 0 and below 1"),
        ({"channels": (8,)}, "channels: 1 values for 2 layers"),
        ({"channels": (8, 9)}, re.escape("channels[1]=9: must be 1 to 8")),
        ({"channels": (0, 8)}, re.escape("channels[0]=0: must be 1 to 16")),
        ({"channels": (16, 8)}, "channels=16,8: all are kept"),
        ({"ratio": 0.5, "by": "magic"}, "by=magic: must be bn or taylor"),
        ({"ratio": 0.5, "steps": -1}, "steps=-1"),
    ],
)
def test_bad_arguments_write_nothing(arguments, message, run, tmp_path):
    with pytest.raises(ValueError, match=message) as error:
        prune(run, tmp_path / "out", **arguments)
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_a_training_is_not_thrown_away(run, tmp_path):
    prune(run, tmp_path, ratio=0.5)
    prune(run, tmp_path, ratio=0.25)  # of no steps of its own
    write_metrics(tmp_path, made_up.metrics(steps=300))
    with pytest.raises(ValueError, match=r"holds a training of 300 steps; .* --overwrite"):
        prune(run, tmp_path, ratio=0.5)
    assert prune(run, tmp_path, ratio=0.5, overwrite=True)["steps"] == 0


def test_a_run_is_not_overwritten(run):
    with pytest.raises(ValueError, match="is the RUN to be pruned"):
        prune(run, run / ".." / run.name, ratio=0.5)


def test_at_least_one_channel_is_left():
    assert kept_counts((128, 3, 1), ratio=0.99) == [1, 1, 1]
    assert kept_counts((128, 64, 32), ratio=0.25) == [96, 48, 24]


def test_layer_of_is_only_for_layers():
    assert pruning._layer_of("layers.2.0.weight_quant") == 2
    assert pruning._layer_of("latent.act_quant") is None
