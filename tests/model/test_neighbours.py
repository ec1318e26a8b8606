# SPDX-License-Identifier: Apache-2.0
"""Samples beside what they might be copies of."""

import numpy as np
import torch
from PIL import Image

from fpgan.model import neighbours as module
from fpgan.model.data import open_images
from fpgan.model.drawing import generate
from fpgan.model.neighbours import neighbours
from fpgan.model.train import load_run


def test_a_copy_lies_beside_its_original(run, tmp_path):
    """Real images of which 16 are what the generator draws: each is found first, and drawn behind it."""
    generator, _ = load_run(run)
    made, _ = generate(generator, 16, torch.Generator().manual_seed(0))
    noise = torch.rand(40, 1, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    data = [*noise, *made]
    found = neighbours(generator, open_images(data, 1, 16), tmp_path / "deep" / "n.png")
    assert found.shape == (16, 3) and found[:, 0].tolist() == list(range(40, 56))
    pixels = np.asarray(Image.open(tmp_path / "deep" / "n.png"))
    cell = pixels.shape[1] // 8
    for i in range(16):
        y, x = (i // 2) * cell, (i % 2) * 4 * cell
        tiles = [pixels[y + 8 : y + cell - 4, x + k * cell + 8 : x + (k + 1) * cell - 4] for k in range(3)]
        assert np.array_equal(tiles[0], tiles[1]) and not np.array_equal(tiles[0], tiles[2])
    assert not [p for p in tmp_path.rglob("*") if p.name.startswith(".")]


def test_of_many_images_a_part_is_looked_at(run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 20)
    found = neighbours(load_run(run)[0], open_images("digits", 1, 16), tmp_path / "n.png")
    assert 3 <= len(np.unique(found)) <= 20
