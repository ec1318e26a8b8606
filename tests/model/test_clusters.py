# SPDX-License-Identifier: Apache-2.0
"""Labels for images that have none."""

import numpy as np
import pytest
import torch
from image_files import all_of, picture

from fpgan.model.clusters import alike, training_images
from fpgan.model.config import TrainConfig


def _spread(points, group):
    return sum(((points[group == g] - points[group == g].mean(0)) ** 2).sum() for g in set(group.tolist()))


@pytest.mark.parametrize("groups", [1, 2, 5, 8])
def test_groups_are_of_one_size_and_of_neighbours(groups):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(groups, 6)) * 20
    order = rng.permutation(10 * groups)
    points = (centres.repeat(10, 0) + rng.normal(size=(10 * groups, 6)))[order]
    group = alike(points, groups)
    assert np.bincount(group).tolist() == [10] * groups
    whose = order // 10
    assert len({(a, b) for a, b in zip(whose, group, strict=True)}) == groups


def test_points_change_places_until_no_two_groups_gain():
    points = np.random.default_rng(1).normal(size=(203, 4))
    group = alike(points, 7)
    assert set(np.bincount(group).tolist()) == {29}
    best = _spread(points, group)
    assert best < 0.75 * _spread(points, np.arange(203) % 7)
    for i, j in np.random.default_rng(2).integers(0, 203, (300, 2)):
        swapped = group.copy()
        swapped[[i, j]] = group[[j, i]]
        assert _spread(points, swapped) > best * 0.999


def test_a_folder_without_labels_gets_some(tmp_path):
    """Of one colour each: those of one colour are together, whatever their names."""
    for i in range(12):
        picture(tmp_path / f"{i}.png", colour=((255, 0, 0), (0, 0, 255), (0, 160, 0))[i % 3])
    config = TrainConfig(dataset=str(tmp_path)).with_settings(
        ["labels=clusters", "generator.classes=3", "generator.image_channels=3"]
    )
    images = training_images(config)
    batch = all_of(images)
    colours = {tuple(image[:, 0, 0].tolist()): label for image, label in zip(*batch[:2], strict=True)}
    assert images.labels == 3 and sorted(int(v) for v in colours.values()) == [0, 1, 2]
    assert all(colours[tuple(i[:, 0, 0].tolist())] == label for i, label in zip(*batch[:2], strict=True))
    assert torch.equal(all_of(training_images(config)).labels, batch.labels)
    with pytest.raises(ValueError, match="classes=13: 12 images cannot make that many groups"):
        training_images(config.with_settings(["generator.classes=13"]))
