# SPDX-License-Identifier: Apache-2.0
"""The order in which images are trained on."""

import multiprocessing
from dataclasses import replace

import pytest
import torch
from image_files import picture

from fpgan.model.batches import Order, batches
from fpgan.model.config import TrainConfig
from fpgan.model.data import open_images

CONFIG = TrainConfig(batch=4, steps=9, seed=3)


def test_each_epoch_is_a_new_order_of_whole_batches():
    steps = list(Order(11, CONFIG, 0))
    assert [len(s) for s in steps] == [4] * 9
    for epoch in (steps[0:2], steps[2:4], steps[4:6]):
        assert len({i for s in epoch for i in s}) == 8
    assert steps[0:2] != steps[2:4]
    assert list(Order(11, CONFIG, 5)) == steps[5:]
    assert list(Order(11, replace(CONFIG, seed=4), 0)) != steps
    shares = [list(Order(11, CONFIG, 0, rank, 2)) for rank in range(2)]
    assert [sorted(a + b) for a, b in zip(*shares, strict=True)] == [sorted(s) for s in steps]
    with pytest.raises(ValueError, match="3 images are less than batch=4"):
        Order(3, CONFIG, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_change_nothing(workers, tmp_path):
    for i in range(6):
        picture(tmp_path / f"{'x' * (i + 1)}.png")
    (tmp_path / "broken.png").write_text("no image")
    images = open_images(str(tmp_path), 3, 8)
    expected = [images.__getitems__(indices) for indices in Order(len(images), CONFIG, 0)]
    got = list(batches(images, Order(len(images), CONFIG, 0), workers))
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert torch.equal(a.images, b.images)
        assert a.broken == b.broken
    assert any(a.broken == ["broken.png"] for a in got)


def test_a_daemonic_process_reads_itself(tmp_path, monkeypatch):
    """Python lets it have no children, and Dask's workers are daemonic: trials of a folder would all fail."""
    for i in range(6):
        picture(tmp_path / f"{i}.png")
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    images = open_images(str(tmp_path), 3, 8)
    assert len(list(batches(images, Order(len(images), CONFIG, 0), workers=2))) == CONFIG.steps
