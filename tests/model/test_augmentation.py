# SPDX-License-Identifier: Apache-2.0
"""Images that are moved, coloured and cut the same way by the same seed."""

import torch

from fpgan.model.augment import augment


def _random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_translation_moves_whole_pixels_and_cutout_a_square():
    images = torch.rand(64, 3, 16, 16) + 1
    moved = augment(images, ["translation"], _random())
    offsets = set()
    for before, after in zip(images, moved, strict=True):
        rows = ((after != 0).any(2).any(0)).nonzero().flatten()
        columns = ((after != 0).any(1).any(0)).nonzero().flatten()
        height, width = len(rows), len(columns)
        y, x = int(rows[0]), int(columns[0])
        y, x = (16 - height if y == 0 else -y), (16 - width if x == 0 else -x)
        offsets.add((y, x))
        shifted = torch.zeros_like(before)
        shifted[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width] = before[
            :, max(y, 0) : max(y, 0) + height, max(x, 0) : max(x, 0) + width
        ]
        assert torch.equal(after, shifted)
    assert {o for pair in offsets for o in pair} == {-2, -1, 0, 1, 2}
    cut = augment(images, ["cutout"], _random())
    holes = (cut == 0).all(1).sum((1, 2))
    assert holes.max() == 64
    assert holes.min() >= 16
    assert torch.equal(cut[cut != 0], images[cut != 0])


def test_augmentation_is_drawn_from_its_source_and_passes_gradients():
    images = torch.rand(8, 1, 8, 8).requires_grad_()
    both = ("translation", "cutout")
    first = augment(images, both, _random(1))
    assert torch.equal(first, augment(images, both, _random(1)))
    assert not torch.equal(first, augment(images, both, _random(2)))
    assert augment(images, (), _random()) is images
    first.sum().backward()
    assert set(images.grad.unique().tolist()) == {0, 1}
    assert images.grad.sum() == (first != 0).sum()


def test_a_flip_turns_some_images_and_colour_changes_each_as_a_whole():
    images = torch.rand(64, 3, 8, 8)
    turned = augment(images, ["flip"], _random())
    flipped = [torch.equal(a, b.flip(2)) for a, b in zip(turned, images, strict=True)]
    kept = [torch.equal(a, b) for a, b in zip(turned, images, strict=True)]
    assert all(a != b for a, b in zip(flipped, kept, strict=True)) and 16 < sum(flipped) < 48
    coloured = augment(images.double(), ["colour"], _random())
    grey, after = images.double().mean(1), coloured.mean(1)
    assert (after.mean((1, 2)) - grey.mean((1, 2))).abs().max() < 0.5
    contrast = after.std((1, 2)) / grey.std((1, 2))
    assert 0.5 <= contrast.min() < 0.7 and 1.3 < contrast.max() <= 1.5
    before, now = (i.double() - i.double().mean(1, keepdim=True) for i in (images, coloured))
    colour = now.flatten(1).norm(dim=1) / before.flatten(1).norm(dim=1) / contrast
    assert colour.min() < 0.3 and 1.7 < colour.max() <= 2
