# SPDX-License-Identifier: Apache-2.0
"""Drawings in folders by topic, as openclipart-png brings them."""

import numpy as np
import pytest
import torch
from image_files import all_of, picture
from PIL import Image

from fpgan.model import clipart as module
from fpgan.model.clipart import clipart, topics
from fpgan.model.data import open_images


@pytest.fixture
def drawings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.setattr(module, "_FEW", 3)
    root = tmp_path / "png"
    for i in range(60):
        topic = ("food/fruit", "food", "flags/asia", "odd")[min(i // 19, 3)]
        picture(root / topic / f"{i}.png", colour=(4 * i, 250 - 4 * i, 60))
    picture(root / "odd" / "zz.png", colour=(0, 250, 60))  # food/fruit/0.png again
    (root / "odd" / "broken.png").write_text("no image")
    return root


def test_drawings_are_different_and_split_by_a_fixed_rule(drawings, monkeypatch):
    images = open_images(f"clipart:{drawings}", 3, 16)
    assert len(images) + len(images.held_out) == 60
    assert 1 <= len(images.held_out) <= 15
    assert images.broken == {"odd/broken.png"}
    assert images.names == ("flags/asia", "food", "food/fruit", "odd") == images.held_out.names
    counts = zip(images.label_counts(), images.held_out.label_counts(), strict=True)
    assert [sum(pair) for pair in counts] == [19, 19, 19, 3]
    monkeypatch.setattr(module, "_drawings", None)  # from now on only the cache can answer
    again = open_images(f"clipart:{drawings}", 3, 16)
    assert torch.equal(all_of(again).images, all_of(images).images)
    assert torch.equal(all_of(again).labels, all_of(images).labels)
    (drawings / "food" / "19.png").unlink()
    with pytest.raises(TypeError):  # other files: the cache does not
        open_images(f"clipart:{drawings}", 3, 16)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(drawings.parent / ".other"))
    fewer = open_images(f"clipart:{drawings}", 3, 16)
    before, after = (
        {image.numpy().tobytes() for image in all_of(side.held_out).images} for side in (images, fewer)
    )
    assert after <= before and len(before) - len(after) <= 1  # no other drawing has changed sides


def test_a_drawing_lies_whole_in_a_white_square(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    pixels = np.zeros((32, 64, 4), np.uint8)
    pixels[:, :32] = (255, 0, 0, 255)  # the other half is transparent
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = clipart(str(tmp_path))
    assert found.pixels.shape == (1, 3, 64, 64)
    assert found.pixels[0, :, 32, 16].tolist() == [255, 0, 0]
    assert found.pixels[0, :, 32, 48].tolist() == found.pixels[0, :, 4, 16].tolist() == [255, 255, 255]
    assert found.names == ("other",)


def test_small_topics_are_taken_together_with_what_is_around_them():
    folders = ["a/b/c"] * 39 + ["a/b"] + ["a/d"] * 40 + ["a"] * 2 + ["."] * 3
    names, topic = topics(folders)
    assert names == ("a/b", "a/d", "other")
    assert np.bincount(topic).tolist() == [40, 40, 5]


def test_where_there_are_none_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CLIPART", tmp_path / "none")
    with pytest.raises(ValueError, match="none: holds no PNG files; apt install openclipart-png"):
        open_images("clipart", 3, 64)
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(ValueError, match="none of its 1 PNG files can be read"):
        open_images(f"clipart:{tmp_path}", 3, 64)
