# SPDX-License-Identifier: Apache-2.0
"""Thresholds by bisection of the very float32 function that PyTorch computes.

Between an integer accumulator and the next integer activation lie a scale, a bias, batch normalization, an
activation function and a quantizer. Per channel all of that is one monotone step function of the
accumulator, whose steps are found by evaluating it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpgan.build.frontend.network import StepFunction
from fpgan.build.frontend.quantizers import Quantizer

_FULL_CHECK = 1 << 22  # accumulator values times channels that are all evaluated to prove the result


class NotMonotoneError(ValueError):
    """The function of a channel rises and falls."""


def find_thresholds(
    function: StepFunction, low: NDArray[np.int64], high: NDArray[np.int64], target: Quantizer
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Smallest accumulator that reaches each level: thresholds (C, levels - 1) ascending, flipped (C).

    low, high (C) bound the accumulator. A level that is never reached gets high + 1, one that always is gets
    low. Where `flipped`, the function decreases and the thresholds are those of the negated accumulator.
    Raises NotMonotoneError when the function is none on the values that are evaluated.
    """
    ends = function(np.stack([low, high], 1))
    flipped = ends[:, 0] > ends[:, 1]
    sign = np.where(flipped, -1, 1)[:, None]
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    thresholds = bisected(function, sign, low, high, target)
    _prove(function, sign, low, high, thresholds, target)
    return thresholds, flipped


def bisected(
    function: StepFunction,
    sign: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    target: Quantizer,
) -> NDArray[np.int64]:
    """Smallest x in [low, high] (C) whose function(sign * x) reaches each level; high + 1 where none does."""
    levels = target.levels[None, 1:]
    left = np.repeat(low[:, None], levels.size, 1)
    right = np.repeat(high[:, None] + 1, levels.size, 1)
    while np.any(left < right):
        middle = (left + right) >> 1
        # high + 1 lies outside the accumulator's range but is never a middle while left < right
        reached = function(sign * middle) >= levels
        right = np.where(reached & (left < right), middle, right)
        left = np.where(~reached & (left < right), middle + 1, left)
    return left


def _prove(
    function: StepFunction,
    sign: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    thresholds: NDArray[np.int64],
    target: Quantizer,
) -> None:
    """Compare with the function on the whole range, or around each threshold where the range is large."""
    bottom, top = int(low.min()), int(high.max())
    if (top - bottom + 1) * len(low) <= _FULL_CHECK:
        points = np.repeat(np.arange(bottom, top + 1)[None], len(low), 0)
    else:
        near = (thresholds[:, :, None] + np.arange(-2, 3)).reshape(len(low), -1)
        count = _FULL_CHECK // len(low)
        spread = low[:, None] + np.arange(count) * (high - low)[:, None] // (count - 1)
        points = np.concatenate([near, spread], 1)
    points = np.clip(points, low[:, None], high[:, None])
    expected = function(sign * points)
    for channel in range(len(low)):
        counted = np.searchsorted(thresholds[channel], points[channel], side="right") + target.low
        wrong = np.flatnonzero(counted != expected[channel])
        if wrong.size:
            raise NotMonotoneError(
                f"activation of channel {channel} is not monotone at accumulator "
                f"{sign[channel, 0] * points[channel][wrong[0]]}"
            )
