# SPDX-License-Identifier: Apache-2.0
"""Thresholds of a quantizer of floats."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from fpgan.build.frontend.quantizers import Quantizer


def float_thresholds(target: Quantizer, counted: Quantizer) -> NDArray[np.float32]:
    """The least float32 that a quantizer takes to each level but the lowest of those that are counted.

    (1, levels - 1). What it always reaches gets the lowest float32, what it never reaches the highest.
    """
    levels = counted.levels[1:]
    left = np.full(levels.size, -_ordered(np.float32(np.finfo(np.float32).max)))
    right = -left
    while (left < right).any():
        middle = (left + right) >> 1
        reached = target(torch.from_numpy(_float(middle))).numpy() >= levels
        left, right = np.where(reached, left, middle + 1), np.where(reached, middle, right)
    return _float(left)[None]


def _ordered(value: np.float32) -> int:
    """Which positive float32 it is, counted from 0."""
    return int(value.view(np.int32))


def _float(order: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 of so many steps above 0, or below it."""
    magnitude = np.abs(order).astype(np.int32).view(np.float32)
    return np.where(order < 0, -magnitude, magnitude).astype(np.float32)
