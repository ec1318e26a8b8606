# SPDX-License-Identifier: Apache-2.0
"""Labels for images that have none: groups of the same size that look alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from fpgan.model.config import TrainConfig
from fpgan.model.data import Batch, Images, fit, open_images
from fpgan.model.features import measure

_PICTURE = 16  # side of the small picture that stands beside the features
_DIMENSIONS = 64
_BATCH = 250
_ROUNDS = 20
_LEAST = 1e-9  # that a change of places gains: less is rounding


class Clustered(Images):
    """The same images, each with the number of its group as its label."""

    def __init__(self, images: Images, groups: int) -> None:
        """ValueError if there are fewer images than groups."""
        if len(images) < groups:
            raise ValueError(f"classes={groups}: {len(images)} images cannot make that many groups")
        self._images, self.held_out = images, images.held_out
        self.name, self.labels, self.slow = images.name, groups, images.slow
        self._label = torch.from_numpy(alike(_seen(images), groups))

    @property
    def broken(self) -> set[str]:  # type: ignore[override]
        return set(self._images.broken)

    def __len__(self) -> int:
        return len(self._images)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        return self._images.__getitems__(indices)._replace(labels=self._label[torch.as_tensor(indices)])


def training_images(config: TrainConfig, data: Dataset[Any] | None = None) -> Images:
    """What a training sees, with the labels that it asks for; data: instead of config.dataset. ValueError."""
    g, grouped = config.generator, config.labels == "clusters"
    source = config.dataset if data is None else data
    images = open_images(source, g.image_channels, g.image_size, 0 if grouped else g.classes)
    return Clustered(images, g.classes) if grouped else images


def alike(points: np.ndarray, groups: int) -> np.ndarray:
    """Group (N) of each of points (N,D), int64: sizes differ by 1 at most, distances within are small.

    Halved along the longest axis again and again; then pairs of points change places while that brings
    both groups nearer to their means. Equal sizes, as labels are drawn in turn: so what is generated has
    each kind of image as often as the data.
    """
    group = _halved(points, groups)
    for _ in range(_ROUNDS):
        means = np.stack([points[group == g].mean(0) for g in range(groups)])
        apart = (points**2).sum(1)[:, None] - 2 * points @ means.T + (means**2).sum(1)
        if not _swap(group, apart):
            break
    return group


def _seen(images: Images) -> np.ndarray:
    """What groups are made by, (N,D): a colour network's features and a small picture, at equal weight."""
    parts = []
    for first in range(0, len(images), _BATCH):
        batch = images.__getitems__(range(first, min(first + _BATCH, len(images)))).images
        parts.append((measure("colour", batch)[0], fit(batch, _PICTURE).flatten(1).double().numpy()))
    seen = np.hstack([_centred(np.concatenate(side)) for side in zip(*parts, strict=True)])
    axes = np.linalg.eigh(seen.T @ seen)[1]
    return np.asarray(seen @ axes[:, -_DIMENSIONS:])


def _centred(values: np.ndarray) -> np.ndarray:
    """Values (N,D) around 0, of mean square length 1."""
    values = values - values.mean(0)
    return np.asarray(values / np.sqrt((values**2).sum(1).mean() or 1.0))


def _halved(points: np.ndarray, groups: int) -> np.ndarray:
    group = np.zeros(len(points), np.int64)
    if groups == 1:
        return group
    left = groups // 2
    centred = points - points.mean(0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    order, cut = np.argsort(centred @ axis, kind="stable"), len(points) * left // groups
    for side, first, share in ((order[:cut], 0, left), (order[cut:], left, groups - left)):
        group[side] = first + _halved(points[side], share)
    return group


def _swap(group: np.ndarray, apart: np.ndarray) -> int:
    """Let points of two groups change places, in place, where both together gain; returns how many pairs.

    apart: squared distances (N,groups) to the groups' means.
    """
    swapped = 0
    gain = apart[np.arange(len(group)), group][:, None] - apart
    for a in range(apart.shape[1]):
        for b in range(a):
            sides = [
                (i := np.flatnonzero(group == own))[np.argsort(-gain[i, other], kind="stable")]
                for own, other in ((a, b), (b, a))
            ]
            few = min(map(len, sides))
            pairs = int((gain[sides[0][:few], b] + gain[sides[1][:few], a] > _LEAST).sum())
            for side, other in zip(sides, (b, a), strict=True):
                moved = side[:pairs]
                group[moved] = other
                gain[moved] = apart[moved, other][:, None] - apart[moved]
            swapped += pairs
    return swapped
