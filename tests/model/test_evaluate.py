# SPDX-License-Identifier: Apache-2.0
"""Scores: the distances are those of known sets, the protocol is fair, and a RUN's score is found again."""

import hashlib
import json
from dataclasses import replace

import made_up
import numpy as np
import pytest
import torch
from PIL import Image

from fpgan.model import evaluate as evaluation
from fpgan.model import train as training
from fpgan.model.checkpoints import shipped
from fpgan.model.config import PRESETS
from fpgan.model.data import digits, open_images
from fpgan.model.distances import frechet, kernel, nearest, precision_recall, sliced_wasserstein
from fpgan.model.evaluate import evaluate, score
from fpgan.model.features import FOLDER, KINDS, measure
from fpgan.model.generator import Generator
from fpgan.model.run import STATE
from fpgan.model.state import saved_settings
from fpgan.model.train import train

PLAIN = {"distill": 0.0, "distill_features": 0.0, "decay": 0.0}
TINY = replace(PRESETS["tiny"], batch=8, features=4, **PLAIN, tuning="adversarial", float_steps=0, steps=2)


def test_frechet_of_known_normals():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200_000, 3))
    b = a[:, ::-1] * 2 + 1  # means and standard deviations of all three are 1 apart
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) == pytest.approx(6, abs=0.1)


def test_the_kernel_distance_has_no_bias():
    rng = np.random.default_rng(0)
    same = [kernel(rng.normal(size=(50, 8)), rng.normal(size=(50, 8))) for _ in range(400)]
    assert abs(np.mean(same)) < 3 * np.std(same) / 20
    assert min(same) < 0 < max(same)
    x, y = np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])  # by hand: ((1*2+1)^3) + (13^3) - mean(...)/2
    across = np.mean([(a * b + 1) ** 3 for a in (1, 2) for b in (3, 4)])
    assert kernel(x, y) == pytest.approx(1000 * (27 + 13**3 - 2 * across))


def test_sliced_wasserstein_sees_what_differs():
    images = torch.rand(400, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    blurred = torch.nn.functional.avg_pool2d(images, 3, stride=1, padding=1)
    assert sliced_wasserstein(images, images) < 0.5 * sliced_wasserstein(images, blurred)
    assert sliced_wasserstein(images, blurred) == sliced_wasserstein(images, blurred)


def test_precision_is_quality_and_recall_variety():
    rng = np.random.default_rng(0)
    real, alike = rng.normal(size=(2, 400, 4))
    few = real[:4].repeat(100, 0) + rng.normal(size=(400, 4)) * 0.01
    far = alike + 20
    precision, recall = zip(*(precision_recall(real, made) for made in (alike, few, far)), strict=True)
    assert precision[0] > 0.7 and recall[0] > 0.7
    assert precision[1] == 1 and recall[1] < 0.05
    assert (precision[2], recall[2]) == (0, 0)
    x, y = np.array([[0.0], [1], [2], [3], [10]]), np.array([[0.5], [6], [7], [8], [40]])
    assert precision_recall(x, y) == (0.8, 1)  # by hand: 40 is further from 10 than three others are


def test_nearest_by_hand():
    index, apart = nearest(np.array([[0.0, 0.0], [3, 4]]), np.array([[3.0, 4.0], [0, 1], [0, -2]]), 2)
    assert index.tolist() == [[1, 2], [0, 1]]
    assert apart == pytest.approx(np.array([[1, 2], [0, 18**0.5]]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_networks_are_those_that_scores_were_made_with(kind):
    sums = {
        "digits": "aad5edefdae5792c",
        "fashion": "672584c968274fbe",
        "colour": "eabc0e5f9e61add1",
    }
    assert hashlib.sha256((FOLDER / f"{kind}.safetensors").read_bytes()).hexdigest()[:16] == sums[kind]
    for channels in (1, 2, 3):
        features, seen = measure(kind, torch.rand(5, channels, 32, 32) * 2 - 1)
        assert features.shape == (5, 64)
        assert seen.shape == (5,)
        assert (features**2).mean(1) == pytest.approx(1)


def test_the_classifier_knows_digits():
    for size in (28, 32, 16):
        images = open_images("digits", 1, size).__getitems__(range(1000)).images
        right = np.mean(measure("digits", images)[1] == digits()[1][:1000].numpy())
        assert right > (0.98 if size > 16 else 0.8)


class _Copier(Generator):
    """Makes real images, of the labels asked for; blurred if told."""

    blur = False

    def forward(self, latent):
        images = open_images("digits", 1, 16)
        index = (latent[:, :16].flatten(1).sum(1) * 1e4).long() % 5000
        if self.config.classes:
            wanted = latent[:, 16:, 0, 0].argmax(1)
            labels = digits()[1]
            index = torch.stack(
                [(labels == w).nonzero()[i % 400, 0] for i, w in zip(index, wanted, strict=True)]
            )
        made = images.__getitems__(index).images
        return made.roll(2, 2) if self.blur else made


def test_a_perfect_generator_scores_what_real_images_score():
    images = open_images("digits", 1, 16)
    generator = _Copier(TINY.generator)
    result = score(generator, images, samples=1000)
    assert result["value"] == pytest.approx(result["real_vs_real"], rel=0.35)
    assert (result["samples"], result["set"], result["spread"]) == (1000, 1000, None)
    for name in ("precision", "recall"):
        assert result[name] == pytest.approx(result[f"{name}_real_vs_real"], rel=0.15)
    assert result["nearest"] < 0.97 * result["nearest_real_vs_real"]  # a fifth are copies of the reference
    generator.blur = True
    moved = score(generator, images, samples=1000)
    assert moved["value"] > 2 * result["value"]
    assert moved["precision"] < 0.9 * result["precision"] and moved["nearest"] > result["nearest"]


def test_the_score_by_held_out_images_is_apart(monkeypatch):
    """Of those that are learnt from, a perfect generator's; of others, how far these are."""
    images, others = (open_images("digits", 1, 16) for _ in range(2))
    monkeypatch.setattr(images, "held_out", others)
    dark = images.__getitems__
    monkeypatch.setattr(others, "__getitems__", lambda i: dark(i)._replace(images=-dark(i).images))
    result = score(_Copier(TINY.generator), images, samples=1000)["held_out"]
    assert result["images"] == 2500
    assert result["value"] == pytest.approx(result["real"], rel=0.2) and result["real"] > 10


def test_sets_and_halves_have_the_same_size(monkeypatch):
    monkeypatch.setattr(evaluation, "_SET", 100)
    images = open_images("digits", 1, 16)
    result = score(_Copier(TINY.generator), images, samples=201)
    assert (result["samples"], result["set"]) == (200, 100)
    assert result["spread"] > 0
    with pytest.raises(ValueError, match="samples=1, 5000 real images"):
        score(_Copier(TINY.generator), images, samples=1)


def test_conditional_scores_say_how_often_the_label_is_drawn():
    generator = _Copier(replace(TINY.generator, classes=10))
    result = score(generator, open_images("digits", 1, 16, classes=10), samples=300)["classes"]
    assert result["agreement"] > 0.8
    assert [row["label"] for row in result["each"]] == list(range(10))
    assert all(row["value"] > 0 and row["real_vs_real"] > 0 for row in result["each"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "SAMPLES", 100)
        patch.setattr(evaluation.score, "__defaults__", (100, 0))
        base = train(TINY.with_bits("float"), folder / "float")
        quantized = train(TINY, folder / "w4a4", baseline=folder / "float")
    return folder, base, quantized


def test_the_score_is_found_again_to_the_digit(runs):
    folder, base, quantized = runs
    assert base["score"]["float_baseline"] is None
    assert quantized["score"]["float_baseline"] == base["score"]["value"]
    again = evaluate(folder / "w4a4", samples=100, baseline=folder / "float")
    assert again == quantized["score"]
    assert again == json.loads((folder / "w4a4" / "metrics.json").read_text())["score"]
    assert evaluate(folder / "w4a4", samples=100, seed=1)["value"] != again["value"]


def test_only_the_same_network_trained_as_long_in_float_is_a_baseline(runs, tmp_path, monkeypatch):
    folder, *_ = runs
    with pytest.raises(ValueError, match="is quantized"):
        train(TINY, tmp_path, baseline=folder / "w4a4")
    with pytest.raises(ValueError, match="steps is 2, not 3"):
        train(TINY, tmp_path, steps=3, baseline=folder / "float")
    with pytest.raises(ValueError, match=r"generator is .*no fair baseline"):
        wider = replace(TINY, generator=replace(TINY.generator, channels=(16, 16)))
        train(wider, tmp_path, baseline=folder / "float")
    with pytest.raises(ValueError, match="not of 10000 samples with seed 0"):
        train(TINY, tmp_path, baseline=folder / "float")
    assert not list(tmp_path.iterdir())


def test_the_shipped_score_is_found_again():
    """The real images' own distance to the digit; the generator's from a quarter of its images."""
    recorded = json.loads((shipped("mnist32") / "metrics.json").read_text())["score"]
    result = evaluate(shipped("mnist32"), samples=2500)
    assert result["real_vs_real"] == recorded["real_vs_real"]
    assert result["value"] == pytest.approx(recorded["value"], abs=3 * recorded["spread"])


def test_a_folder_of_images_is_found_from_everywhere(tmp_path, monkeypatch):
    """config.yaml and the saved state name it absolutely, whatever the training was told."""
    (tmp_path / "data").mkdir()
    for i in range(3):
        Image.new("L", (16, 16), i * 80).save(tmp_path / "data" / f"{i}.png")
    monkeypatch.setattr(training, "score", lambda *_: made_up.score())
    monkeypatch.setattr(evaluation, "score", lambda generator, images, *_: {"images": len(images)})
    monkeypatch.chdir(tmp_path)
    config = replace(PRESETS["tiny"], dataset="data", batch=2, features=2, steps=1, workers=0)
    train(config, "run")
    monkeypatch.chdir("/")
    assert evaluate(tmp_path / "run") == {"images": 3}
    train(saved_settings(tmp_path / "run" / STATE), tmp_path / "run", resume=True)
