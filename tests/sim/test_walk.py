# SPDX-License-Identifier: Apache-2.0
"""A way through latents: where it leads, what its integers are, and the moving picture that it gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from identity_build import make_build
from PIL import Image

from fpgan.build.api import simulating
from fpgan.sim.pictures import save_walk
from fpgan.sim.simulate import simulate
from fpgan.sim.vectors import Vectors
from fpgan.sim.walk import Walk, label_channels, walked, way


def vectors(count: int = 40, channels: int = 64, classes: int = 0) -> Vectors:
    """Normal latents in steps of a quarter, their label behind them; an image is its latent."""
    latent = np.rint(np.random.default_rng(1).normal(0, 4, (count, channels, 1, 1))).astype(np.int64)
    label = None
    if classes:
        label = np.arange(count) % classes
        latent[:, -classes:, 0, 0] = 15 * np.eye(classes, dtype=np.int64)[label]
    return Vectors(latent, latent, 0.25, 0.25, label)


def lengths(latent: np.ndarray) -> np.ndarray:
    return np.sqrt((latent**2).sum(axis=(1, 2, 3)))


def test_the_way_leads_through_each_latent_and_back():
    golden = vectors()
    stops = golden.select(4, 3)
    latent = way(Walk(4), stops, 20, 0)
    assert np.allclose(latent[::5], stops.latent)
    steps = lengths(np.diff(latent, axis=0, append=latent[:1]))
    assert steps.max() < 1.5 * steps.min()  # the last step leads to the first frame
    assert lengths(latent).min() > 0.95 * lengths(stops.latent).min()  # 0.7 on a straight line


def test_frames_are_integers_that_latents_have_and_stops_keep_their_images():
    golden = replace(vectors(), latent=3 * vectors().latent)  # a quantizer that gives every third integer
    stops = golden.select(3, 0)
    frames, known = walked(Walk(3), golden, stops, 10)
    assert set(np.unique(frames.latent)) <= set(np.unique(golden.latent))
    assert known.tolist() == [True] + 9 * [False]
    assert np.array_equal(frames.image[0], stops.image[0]) and not frames.image[1:].any()
    whole, known = walked(Walk(3), golden, stops, 6)
    assert known.tolist() == 3 * [True, False] and np.array_equal(whole.image[2], stops.image[1])


def test_truncation_leaves_labels_alone():
    golden = vectors(classes=10)
    assert label_channels(golden) == 10 and label_channels(vectors()) == 0
    stops = golden.select(3, 0, [7, 1, 4])
    frames, known = walked(Walk(3, 0.5), golden, stops, 3)
    assert frames.label is None and not known.any()
    assert np.array_equal(frames.latent[:, -10:], stops.latent[:, -10:])
    assert np.abs(frames.latent[:, :-10] - stops.latent[:, :-10] / 2).max() <= 0.5
    between = way(Walk(2), golden.select(2, 0, [7, 1]), 4, 10)[1, -10:, 0, 0]
    assert between[7] > 0 and between[1] > 0 and not between[[0, 2, 3, 4, 5, 6, 8, 9]].any()


def test_labels_that_the_latents_do_not_hold():
    golden = vectors(classes=10)
    with pytest.raises(ValueError, match="run fpgan build again"):
        label_channels(replace(golden, label=golden.label[::-1].copy()))


def test_what_is_no_way(tmp_path):
    build = make_build(tmp_path / "build")
    for walk, images, said in (
        (Walk(1), None, "walk=1: a way leads through 2"), (Walk(2, 0), None, "truncation=0: must be above 0"),
        (Walk(5), 4, "images=4: a walk through 5 latents has at least as many"),
        (Walk(99), None, "images=99: the build has vectors"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            simulate(build, images, walk=walk, exact=lambda design, latent: latent)
    with pytest.raises(ValueError, match=r"truncation=0\.5: goes with a walk"):
        simulating.walk_of(None, 0.5)
    assert not (build / "walk.gif").exists()


@pytest.mark.verilator
def test_frames_run_at_rtl_and_move(tmp_path):
    build = make_build(tmp_path / "build")
    wrong = simulate(build, 9, walk=Walk(3), exact=lambda design, latent: latent + 1)
    assert wrong["mismatches"] > 0  # frames are compared with what `exact` says of them
    result = simulate(build, 9, walk=Walk(3), exact=lambda design, latent: latent)
    assert result["mismatches"] == 0 and result["images"] == 9
    assert result["walk"] == {"latents": 3, "truncation": 1.0, "file": "walk.gif"}
    assert 0 < result["numpy_images"] <= 6
    with Image.open(build / "walk.gif") as picture:
        assert picture.n_frames == 9 and picture.info["loop"] == 0 and min(picture.size) >= 128


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_shows_each_image(tmp_path, channels):
    images = np.zeros((3, 32, 32, channels), np.int64) - 8
    for index in range(3):
        images[index, 8 * index : 8 * index + 8] = 7
    save_walk(tmp_path / "walk.gif", images)
    with Image.open(tmp_path / "walk.gif") as picture:
        assert picture.size == (128, 128)
        for index in range(3):
            picture.seek(index)
            seen = np.asarray(picture.convert("L"))[::4, ::4]
            assert np.array_equal(seen > 128, images[index, ..., 0] > 0)
