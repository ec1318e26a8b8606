# SPDX-License-Identifier: Apache-2.0
"""Training images, the discriminator that fits them, and the score."""

import logging

import numpy as np
import pytest
import torch
from PIL import Image

from fpgan.model.data import digits, training_images
from fpgan.model.discriminator import Discriminator
from fpgan.model.metrics import digit_score, frechet, lenet


def test_digits_are_shuffled_always_alike():
    images, labels = digits()
    assert images.shape == (5000, 1, 28, 28)
    assert (images.min(), images.max()) == (-1, 1)
    assert set(labels[:100].tolist()) == set(range(10))
    assert torch.equal(digits()[1], labels)


@pytest.mark.parametrize("size", [16, 28, 32, 64])
def test_digits_fit_the_image(size):
    images = training_images("digits", 1, size)
    assert images.shape == (5000, 1, size, size)
    assert (images.min() >= -1) and (images.max() <= 1)
    assert images[:, :, 0].max() < 0  # black round it


def test_digits_in_colour():
    assert training_images("digits", 3, 32).shape == (5000, 3, 32, 32)


def test_broken_images_are_skipped_and_counted(tmp_path, caplog):
    rng = np.random.default_rng(0)
    (tmp_path / "deep").mkdir()
    for name in ("a.png", "b.jpg", "deep/c.png"):
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(tmp_path / name)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not looked at")
    with caplog.at_level(logging.WARNING):
        images = training_images(str(tmp_path), 3, 16)
    assert images.shape == (3, 3, 16, 16)
    assert (images.min() >= -1) and (images.max() <= 1)
    assert "3 broken images" in caplog.text


def test_transparent_becomes_white_and_the_middle_is_kept(tmp_path):
    pixels = np.zeros((8, 16, 4), np.uint8)
    pixels[:, 4:8] = (255, 0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = training_images(str(tmp_path), 3, 8)[0]
    assert image[:, 4, 0].tolist() == [1, -1, -1]
    assert image[:, 4, 7].tolist() == [1, 1, 1]


def test_a_folder_without_images_is_one_line(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ValueError, match=r"no readable image \(1 broken\)"):
        training_images(str(tmp_path), 1, 16)
    with pytest.raises(ValueError, match="neither 'digits' nor a folder"):
        training_images(str(tmp_path / "none"), 1, 16)


@pytest.mark.parametrize("size", [4, 7, 16, 28, 32, 64])
def test_the_discriminator_ends_in_one_logit(size):
    assert Discriminator(3, size, 4)(torch.zeros(2, 3, size, size)).shape == (2,)


def test_frechet_of_known_normals():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200_000, 3))
    b = (
        a[:, ::-1] * 2 + 1
    )  # same covariance but for the factor: 3 means of 1, 3 standard deviations of 1 apart
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) == pytest.approx(6, abs=0.1)


def test_the_classifier_knows_digits_and_the_score_tells_them_from_noise():
    images, labels = digits()
    with torch.no_grad():
        right = (lenet()(images).argmax(1) == labels).float().mean()
    assert right > 0.98
    score = digit_score(training_images("digits", 1, 32))
    assert score["value"] == pytest.approx(0, abs=1e-3)
    assert 0 < score["real_vs_real"] < 5
    assert digit_score(torch.rand(500, 1, 32, 32) * 2 - 1)["value"] > 50
