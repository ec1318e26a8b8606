# SPDX-License-Identifier: Apache-2.0
"""The accuracy table: goes on where it was killed, compares with float runs of the same seeds."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import made_up
import pytest
import torch

from fpgan.model import train as training
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.run import CONFIG, load_run, read_metrics

SCRIPT = Path(__file__).parents[2] / "scripts" / "accuracy.py"
SMALL = replace(
    PRESETS["tiny"],
    batch=8,
    features=4,
    steps=4,
    float_steps=2,
    distill=1.0,
    augment=("cutout",),
    tuning="adversarial",
)


@pytest.fixture
def accuracy(monkeypatch):
    spec = importlib.util.spec_from_file_location("accuracy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "accuracy", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def trained(monkeypatch):
    """Scores of 1, 2, 3, ... in the order of training."""
    made = []

    def score(generator, images):
        made.append(generator.config.quantized)
        return made_up.score(value=float(len(made)), samples=10_000, set=2500)

    monkeypatch.setattr(training, "score", score)
    return made


def test_it_goes_on_where_it_was_killed(accuracy, trained, tmp_path, monkeypatch):
    configs = {bits: SMALL.with_bits(bits) for bits in ("W4A4", "float")}
    real = training.train_step

    def killed(state, batch):
        if state.config.generator.quantized and state.config.seed == 1 and state.step == 3:
            raise KeyboardInterrupt
        return real(state, batch)

    monkeypatch.setattr(training, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        accuracy.measure(configs, 2, tmp_path, "accuracy")
    assert trained == [False, False, True]  # the float runs of both seeds come first
    monkeypatch.setattr(training, "train_step", real)
    rows = accuracy.measure(configs, 2, tmp_path, "accuracy")
    assert len(trained) == 4  # what was finished is not trained again
    assert [(r.name, r.scores, r.floats) for r in rows] == [
        ("float", (1.0, 2.0), (1.0, 2.0)), ("W4A4", (3.0, 4.0), (1.0, 2.0)),
    ]  # fmt: skip
    metrics = json.loads((tmp_path / "W4A4-1" / "metrics.json").read_text())
    assert metrics["score"]["float_baseline"] == 2.0
    table = (tmp_path / "accuracy.md").read_text()
    assert "| W4A4 | 3.5000 | 0.7071 | 233.3% |" in table
    assert "| real images | 0.5000 |" in table
    assert (tmp_path / "accuracy.png").stat().st_size > 1000
    assert json.loads((tmp_path / "accuracy.json").read_text())["rows"][1]["against_float"] == 3.5 / 1.5


def test_what_is_only_tuned_starts_from_the_float_run_of_its_seed(accuracy, trained, tmp_path):
    tuned = replace(SMALL, steps=5, float_steps=3, tuning="distillation", distill=0.0, distill_features=0.0)
    configs = {bits: tuned.with_bits(bits) for bits in ("float", "W8A8")}
    accuracy.measure(configs, 2, tmp_path, "accuracy")
    for seed in range(2):
        steps = [read_metrics(tmp_path / f"{bits}-{seed}")["steps"] for bits in ("float", "W8A8")]
        assert steps == [5, 2]
        ours, theirs = (load_run(tmp_path / f"{bits}-{seed}")[0] for bits in ("W8A8", "float"))
        tensors = ours.state_dict()
        for name, parameter in theirs.named_parameters():  # two steps of Adam are no longer than this
            assert torch.allclose(tensors[name], parameter, rtol=0, atol=3 * tuned.tuning_lr)


def test_a_part_left_out_of_float_training_has_a_float_network_of_its_own(accuracy, trained, tmp_path):
    recipe = replace(PRESETS["tiny"], batch=8, features=4, steps=4, float_steps=3)
    made = accuracy.variants(recipe)
    assert made["without tuning by distillation"] == replace(recipe, tuning="adversarial")
    assert "without learned scales" not in made
    assert not made["without float pre-training"].tunes(0)  # there would be nothing to learn from
    accuracy.measure({"float": recipe.with_bits("float"), **made}, 1, tmp_path, "ablation")
    folders = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    own = {"without averaged weights", "without falling learning rate"}
    assert {f for f in folders if "float-0" in f} == {
        "float-0", *(f"{title.replace(' ', '-')}-float-0" for title in own)
    }  # fmt: skip
    for title in made:
        metrics = read_metrics(tmp_path / f"{title.replace(' ', '-')}-0")
        assert metrics["steps"] == (1 if made[title].tunes(3) else 4)
    parent = TrainConfig.from_yaml(tmp_path / "without-averaged-weights-float-0" / CONFIG)
    assert parent.ema == 0.0 and not parent.generator.quantized
    assert len(trained) == len(folders)


def test_another_recipe_is_not_taken_for_the_same_run(accuracy, trained, tmp_path):
    accuracy.measure({"W4A4": SMALL}, 1, tmp_path, "accuracy")
    with pytest.raises(ValueError, match=r"was trained with distill=1\.0, which is now 2\.0"):
        accuracy.measure({"W4A4": replace(SMALL, distill=2.0)}, 1, tmp_path, "accuracy")


def test_the_ablation_leaves_out_each_part_that_there_is(accuracy):
    made = accuracy.variants(SMALL)
    assert list(made) == [
        "recipe", "without float pre-training", "without distillation", "without averaged weights",
        "without falling learning rate", "without augmentation", "without learned scales",
        "without scales of channels",
    ]  # fmt: skip
    assert made["without float pre-training"].float_steps == 0
    assert made["without learned scales"].generator.scales == "constant"
    assert made["without scales of channels"].generator.weight_scales == "tensor"
    constant = replace(SMALL, ema=0.0, generator=replace(SMALL.generator, scales="constant"))
    assert not {"without learned scales", "without averaged weights"} & set(accuracy.variants(constant))


def test_the_ablation_leaves_out_what_colour_adds(accuracy):
    """Each part apart; the generator that is not asked by label has no inputs for labels either."""
    recipe = SMALL.with_settings(
        ["labels=clusters", "generator.classes=4", "loss=hinge", "discriminator_norm=spectral",
         "discriminator_rate=2.0", "r1=1.0"]
    )  # fmt: skip
    added = {
        name: made for name, made in accuracy.variants(recipe).items() if name not in accuracy.variants(SMALL)
    }
    assert list(added) == [
        "without hinge loss", "without spectral normalization", "without the discriminator's own rate",
        "without gradient penalty", "without labels of clusters",
    ]  # fmt: skip
    plain = added["without labels of clusters"]
    assert (plain.labels, plain.generator.classes, plain.loss) == ("own", 0, "hinge")
    assert added["without hinge loss"] == replace(recipe, loss="bce")
