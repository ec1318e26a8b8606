# SPDX-License-Identifier: Apache-2.0
"""Differentiable augmentation of what the discriminator sees, real and generated alike (arXiv 2006.10738)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

_SHIFT = 8  # up to 1/8 of the side
_HOLE = 2  # 1/2 of the side


def augment(images: Tensor, kinds: Sequence[str], source: torch.Generator) -> Tensor:
    """Images (N,C,S,S) changed at random, each in its own way, by each of kinds in turn: config.AUGMENTS."""
    for kind in kinds:
        images = _KINDS[kind](images, source)
    return images


def _draw(images: Tensor, low: int, high: int, source: torch.Generator) -> Tensor:
    """Whole numbers (2,N) from low to high, for rows and columns."""
    return torch.randint(low, high + 1, (2, len(images)), generator=source).to(images.device)


def _translate(images: Tensor, source: torch.Generator) -> Tensor:
    """Shifted by up to 1/8 of the side; grey moves in. Each pixel is read once, so gradients are exact."""
    n, _, side, _ = images.shape
    reach = -(-side // _SHIFT)
    moves = _draw(images, 0, 2 * reach, source)
    place = torch.arange(side, device=images.device)
    rows, columns = (move[:, None] + place for move in moves)  # (N,S)
    padded = F.pad(images, (reach,) * 4).permute(0, 2, 3, 1)
    which = torch.arange(n, device=images.device)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _cut_out(images: Tensor, source: torch.Generator) -> Tensor:
    """A square of half the side, anywhere, also partly outside, becomes mid-grey."""
    side = images.shape[-1]
    hole = max(1, side // _HOLE)
    corners = _draw(images, -(hole // 2), side - 1 - hole // 2, source)
    place = torch.arange(side, device=images.device)
    rows, columns = ((place >= c[:, None]) & (place < c[:, None] + hole) for c in corners)  # (N,S)
    kept = ~(rows[:, :, None] & columns[:, None, :])
    return images * kept[:, None]


def _flip(images: Tensor, source: torch.Generator) -> Tensor:
    """Every second one, by chance, left for right."""
    turned = _draw(images, 0, 1, source)[0].bool()
    return torch.where(turned[:, None, None, None], images.flip(3), images)


def _recolour(images: Tensor, source: torch.Generator) -> Tensor:
    """Up to a quarter of the range brighter or darker, 0 to 2 times as colourful, 0.5 to 1.5 the contrast."""
    light, colour, contrast = torch.rand(3, len(images), 1, 1, 1, generator=source).to(images.device)
    images = images + (light - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * colour)
    middle = images.mean((1, 2, 3), keepdim=True)
    return middle + (images - middle) * (contrast + 0.5)


_KINDS = {"flip": _flip, "colour": _recolour, "translation": _translate, "cutout": _cut_out}
