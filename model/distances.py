# SPDX-License-Identifier: Apache-2.0
"""Distances between two sets, from samples of each; 0 is alike."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_DIRECTIONS, _PATCH, _PATCHES, _SMALLEST = 128, 7, 16, 16
_NEIGHBOURS = 3


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of two feature sets (N,D): |mean difference|^2 + tr(A + B - 2 sqrt(AB))."""
    mean = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(cov_a @ cov_b).real, 0))  # their sum is tr sqrt(AB)
    return float(mean @ mean + np.trace(cov_a + cov_b) - 2 * roots.sum())


def kernel(a: np.ndarray, b: np.ndarray) -> float:
    """Kernel distance x 1000 of two feature sets (N,D), kernel (x.y / D + 1)^3 (arXiv 1801.01401).

    Unbiased: of two sets of the same kind it is 0 on average, so it can be a little below.
    """

    def cubes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        product: np.ndarray = x @ y.T / x.shape[1] + 1
        return product * product * product  # ** 3 takes twice as long

    def within(x: np.ndarray) -> float:
        values = cubes(x, x)
        return float((values.sum() - np.trace(values)) / (len(x) * (len(x) - 1)))

    return 1000 * (within(a) + within(b) - 2 * float(cubes(a, b).mean()))


def precision_recall(real: np.ndarray, made: np.ndarray) -> tuple[float, float]:
    """Shares of made features (N,D) that lie among the real (M,D), and of real that lie among the made.

    Among: nearer to one of them than its third neighbour of its own kind (arXiv 1904.06991). The first
    tells quality, the second variety.
    """
    across = _squared(real, made)
    precision = (across <= _reach(real)[:, None]).any(0).mean()
    return float(precision), float((across <= _reach(made)).any(1).mean())


def nearest(features: np.ndarray, others: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """For each of features (N,D) the nearest of others (M,D), nearest first: index and distance (N,count)."""
    squared = _squared(features, others)
    index = np.argsort(squared, 1, kind="stable")[:, :count]
    return index, np.sqrt(np.take_along_axis(squared, index, 1))


def _reach(features: np.ndarray) -> np.ndarray:
    """Squared distance of each of features (N,D) to the third nearest of the others, (N)."""
    reach: np.ndarray = np.partition(_squared(features, features), _NEIGHBOURS, 1)[:, _NEIGHBOURS]
    return reach


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distance of each of a (N,D) to each of b (M,D)."""
    squared: np.ndarray = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    return np.maximum(squared, 0)


def sliced_wasserstein(a: Tensor, b: Tensor, seed: int = 0) -> float:
    """Sliced Wasserstein distance x 1000 of two image sets (N,C,S,S) of equal N (arXiv 1710.10196).

    Of 7x7 patches at each level of a Laplacian pyramid down to 16 pixels, the mean over levels.
    """
    source = torch.Generator().manual_seed(seed)
    distances = []
    for left, right in zip(_pyramid(a.double()), _pyramid(b.double()), strict=True):
        ends = [_patches(level, source) for level in (left, right)]
        directions = F.normalize(
            torch.randn(ends[0].shape[1], _DIRECTIONS, generator=source, dtype=torch.float64), dim=0
        )
        projected = [(end @ directions).sort(0).values for end in ends]
        distances.append((projected[0] - projected[1]).abs().mean().item())
    return 1000 * float(np.mean(distances))


def _pyramid(images: Tensor) -> list[Tensor]:
    """What each halving loses, then what is left."""
    levels = []
    while images.shape[-1] >= 2 * _SMALLEST and images.shape[-1] % 2 == 0:
        small = F.avg_pool2d(images, 2)
        levels.append(images - F.interpolate(small, scale_factor=2, mode="bilinear"))
        images = small
    return [*levels, images]


def _patches(images: Tensor, source: torch.Generator) -> Tensor:
    """16 patches of each image (N,C,S,S), as rows (16 N, 49 C), each channel normalised."""
    side = min(_PATCH, images.shape[-1])
    corners = torch.randint(images.shape[-1] - side + 1, (2, len(images), _PATCHES), generator=source)
    rows, columns = (corner[:, :, None] + torch.arange(side) for corner in corners)  # (N,16,7)
    which = torch.arange(len(images))[:, None, None, None]
    chosen = images.permute(0, 2, 3, 1)[which, rows[..., :, None], columns[..., None, :]]
    flat = chosen.flatten(0, 1).flatten(1, 2)  # (16 N, 49, C)
    centred = flat - flat.mean((0, 1))
    return (centred / centred.std((0, 1)).clamp_min(1e-8)).flatten(1)
