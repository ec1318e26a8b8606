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
    """Images (N,C,S,S) changed at random, each in its own way; kinds: of `translation` and `cutout`."""
    for kind in kinds:
        images = {"translation": _translate, "cutout": _cut_out}[kind](images, source)
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
