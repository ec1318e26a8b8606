# SPDX-License-Identifier: Apache-2.0
"""Functions that rise and fall: thresholds that count how far along its path the function is, and the path.

Per channel an accumulator passes steps, at each of which the integer changes. How many it has passed is what
thresholds count; a table says which integer that is. Channels mostly go along one path, each at a pace of its
own (the same activation behind other scales), so that one table serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpgan.build.frontend.linear import IntArray
from fpgan.build.frontend.network import StepFunction

MAX_BITS = 10  # of a place on a path
_GRID = 1 << 22  # accumulator values times channels at which a function is looked at
_LEAST = 1 << 12  # of a channel, where there are so many


@dataclass(frozen=True)
class Path:
    """thresholds (C, 2^n - 1) ascending; table (1 or C, 2^n): the integer behind so many of them.

    Where `flipped` (C) the thresholds are those of the negated accumulator.
    """

    thresholds: IntArray
    table: IntArray
    flipped: NDArray[np.bool_]


@dataclass(frozen=True)
class _Walk:
    """One channel: its integer at the lowest accumulator, then at which accumulator it becomes which."""

    first: int
    places: IntArray
    values: IntArray


def find_path(function: StepFunction, low: IntArray, high: IntArray) -> Path:
    """Of a function over [low, high] (C). Looks at 2^22 / C accumulators of a channel, and between them by
    bisection. Raises ValueError where it takes more than 2^10 - 1 steps."""
    ends = function(np.stack([low, high], 1))
    flipped = ends[:, 0] > ends[:, 1]
    sign = np.where(flipped, -1, 1)[:, None]
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    walks = _walks(lambda acc: function(sign * acc), low, high)
    steps = max(len(np.unique(walk.places)) for walk in walks)
    if steps >= 1 << MAX_BITS:
        raise ValueError(
            f"takes {steps} steps up and down over the {int(low.min())} to {int(high.max())} that inputs "
            f"reach; {(1 << MAX_BITS) - 1} are supported: quantize it in larger steps, or its input first"
        )
    longest = max(walks, key=lambda walk: len(walk.places))
    shared = _along(longest, walks, low, high) if len(longest.places) < 1 << MAX_BITS else None
    thresholds, table = shared or _each_its_own(walks, high)
    steps = thresholds.shape[1]
    more = (1 << steps.bit_length()) - 1 - steps
    thresholds = np.concatenate([thresholds, np.repeat(high[:, None] + 1, more, 1)], 1)
    return Path(thresholds, np.pad(table, ((0, 0), (0, more)), mode="edge"), flipped)


def _walks(function: StepFunction, low: IntArray, high: IntArray) -> list[_Walk]:
    """Of each channel, by steps of 1; between two places of the grid a function only rises or falls."""
    count = min(int((high - low).max()) + 1, max(_LEAST, _GRID // len(low)))
    grid = low[:, None] + np.arange(count) * (high - low)[:, None] // max(1, count - 1)
    values = function(grid)
    jumps = np.diff(values, axis=1)
    channel, cell = np.nonzero(jumps)
    size = np.abs(jumps[channel, cell])
    channel, cell = np.repeat(channel, size), np.repeat(cell, size)
    nth = np.arange(len(cell)) - np.repeat(np.cumsum(size) - size, size) + 1
    up = np.sign(jumps[channel, cell])
    reached = values[channel, cell] + up * nth
    starts = np.searchsorted(channel, np.arange(len(low) + 1))
    column = np.arange(len(channel)) - starts[channel]
    shape = (len(low), max(1, int(np.diff(starts).max(initial=0))))

    def laid(items: IntArray, fill: IntArray) -> IntArray:
        out = np.repeat(fill[:, None], shape[1], 1)
        out[channel, column] = items
        return out

    left, right = laid(grid[channel, cell] + 1, low), laid(grid[channel, cell + 1], low)
    goal, way = laid(reached, values[:, 0]), laid(up, np.ones_like(low))
    while (left < right).any():
        middle = (left + right) >> 1
        there = (function(middle) - goal) * way >= 0
        right = np.where(there, np.minimum(right, middle), right)
        left = np.where(there, left, np.minimum(right, middle + 1))
    return [
        _Walk(int(values[c, 0]), left[c, : starts[c + 1] - starts[c]], reached[starts[c] : starts[c + 1]])
        for c in range(len(low))
    ]


def _along(
    path: _Walk, walks: list[_Walk], low: IntArray, high: IntArray
) -> tuple[IntArray, IntArray] | None:
    """Thresholds of all channels along one of them; None where another does not go that way."""
    levels = np.concatenate([[path.first], path.values])
    thresholds = np.repeat(high[:, None] + 1, len(path.values), 1)
    for c, walk in enumerate(walks):
        here = 0
        for place, value in zip([low[c], *walk.places], [walk.first, *walk.values], strict=True):
            ahead = np.flatnonzero(levels[here:] == value)
            if not ahead.size:
                return None
            thresholds[c, here : here + ahead[0]] = place
            here += int(ahead[0])
    return thresholds, levels[None]


def _each_its_own(walks: list[_Walk], high: IntArray) -> tuple[IntArray, IntArray]:
    """Thresholds and a table per channel, without the integers that a jump passes over."""
    last = [np.flatnonzero(np.diff(walk.places, append=walk.places[-1:] + 1)) for walk in walks]
    steps = max(len(kept) for kept in last)
    thresholds = np.repeat(high[:, None] + 1, steps, 1)
    table = np.zeros((len(walks), steps + 1), np.int64)
    for c, (walk, kept) in enumerate(zip(walks, last, strict=True)):
        thresholds[c, : len(kept)] = walk.places[kept]
        found = np.concatenate([[walk.first], walk.values[kept]])
        table[c] = np.pad(found, (0, steps + 1 - len(found)), mode="edge")
    return thresholds, table
