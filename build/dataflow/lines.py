# SPDX-License-Identifier: Apache-2.0
"""Thresholds that lie along a line: per channel a multiplier and an offset from which they follow.

Where the function between a sum and its quantizer is affine (a scale, a bias, a norm), clipped or not, level
k is reached where multiplier * acc + offset reaches k * 2^shift, or a few accumulators later, for float32
rounds: how many is a mark of that level and channel. All of it is found from the thresholds, and proved in
their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpgan.build.frontend.linear import IntArray

MARK_BITS = (0, 1, 2, 3)  # that are tried
_MOST_SHIFT = 40  # so that 256 levels stay far below 2^63
_LARGEST = 1 << 61  # product
_WIDEST = 32  # bits of a sum
_FEW = 8  # channels that are looked at before all


@dataclass(frozen=True)
class Line:
    """level = min(max((multiplier * acc + offset) >> shift, 0), levels), less 1 where the rest is below
    marks[level] * multiplier; the integer is `low` more.

    multiplier, offset (C); marks (C, levels + 1), of `mark_bits` bits.
    """

    multiplier: IntArray
    offset: IntArray
    shift: int
    low: int
    marks: IntArray
    mark_bits: int

    @property
    def levels(self) -> int:
        return self.marks.shape[1] - 1


@dataclass(frozen=True)
class _Steps:
    """Where levels 1, 2 ... are reached (C,T) between the ends of what inputs reach (C); low: level 0."""

    at: IntArray
    first: IntArray
    last: IntArray
    low: int

    @property
    def always(self) -> NDArray[np.bool_]:
        return self.at <= self.first[:, None]

    @property
    def never(self) -> NDArray[np.bool_]:
        return self.at > self.last[:, None]

    @property
    def numbers(self) -> IntArray:
        return np.arange(1, self.at.shape[1] + 1)

    def of(self, rows: IntArray) -> _Steps:
        return _Steps(self.at[rows], self.first[rows], self.last[rows], self.low)


def find_lines(thresholds: IntArray, first: IntArray, last: IntArray, low: int) -> list[Line]:
    """For thresholds (C,T) of integers from `low` on, of accumulators in [first, last] (C).

    With as few bits of marks as may be, then with more of them, as long as that makes multipliers narrower;
    none where the thresholds are too far from lines.
    """
    steps = _within(thresholds, first, last, low)
    if not steps.at.size or int(max(-first.min(), last.max())).bit_length() >= _WIDEST:
        return []
    rows = np.concatenate([steps.at, steps.first[:, None], steps.last[:, None]], 1)
    _, chosen, back = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    distinct = steps.of(chosen)
    return [
        Line(line.multiplier[back], line.offset[back], line.shift, line.low, line.marks[back], line.mark_bits)
        for line in _candidates(distinct, back.reshape(-1))
    ]


def _candidates(steps: _Steps, back: IntArray) -> Iterator[Line]:
    narrowest = _MOST_SHIFT + 1
    for bits in MARK_BITS:
        few = steps.of(np.arange(min(_FEW, len(steps.at))))
        if _fitted(few, _MOST_SHIFT, bits) is None:
            continue
        low, high = 1, narrowest
        found = None
        while low < high:
            middle = (low + high) // 2
            fit = _fitted(steps, middle, bits)
            if fit is None:
                low = middle + 1
            else:
                high, found = middle, fit
        line = None if found is None else _marked(steps, *found, high, bits)
        if line is not None:
            narrowest = line.shift
            yield line


def _within(thresholds: IntArray, first: IntArray, last: IntArray, low: int) -> _Steps:
    """Without the levels that every channel has reached before, or that none reaches."""
    reached = [(thresholds <= end[:, None]).sum(1) for end in (first, last)]
    least, most = int(reached[0].min()), int(reached[1].max())
    at = np.clip(thresholds[:, least:most], first[:, None], last[:, None] + 1)
    return _Steps(at, first, last, low + least)


def _fitted(steps: _Steps, shift: int, bits: int) -> tuple[IntArray, IntArray] | None:
    """Multipliers and offsets (C) that put each step at most 2^bits - 1 accumulators too early.

    Of a multiplier the offsets that do lie between two bounds, whose distance is concave in it.
    """
    slack, goal = (1 << bits) - 1, steps.numbers << shift
    earliest = np.where(steps.always, np.iinfo(np.int32).min, steps.at - 1 - slack)
    left, right = _bounds(steps, shift, slack)
    found, offset = np.full(len(left), -1), np.zeros_like(left)
    open_ = np.arange(len(left))
    while open_.size:
        middle = (left[open_] + right[open_]) >> 1
        at, early = steps.at[open_], earliest[open_]
        need = np.where(steps.never[open_], np.iinfo(np.int64).min, goal - middle[:, None] * at)
        most = np.where(steps.always[open_], np.iinfo(np.int64).max, goal - 1 - middle[:, None] * early)
        lowest, highest = need.max(1), most.min(1)
        good = lowest <= highest
        found[open_[good]] = middle[good]
        offset[open_[good]] = np.clip(0, lowest, highest)[good]
        rising = (
            np.take_along_axis(at, need.argmax(1)[:, None], 1)
            > np.take_along_axis(early, most.argmin(1)[:, None], 1)
        )[:, 0]
        left[open_] = np.where(rising, middle + 1, left[open_])
        right[open_] = np.where(rising, right[open_], middle - 1)
        open_ = open_[~good]
        if (left[open_] > right[open_]).any():
            return None
    return found, offset


def ends(line: IntArray, marks: IntArray, shift: int) -> IntArray:
    """Accumulators at which a line (C,2) comes to a level, and at which its marks (C,L+1) end: (C, 2 L)."""
    multiplier, offset = line[:, :1], line[:, 1:]
    goal = np.arange(1, marks.shape[1]) << shift
    at = -((offset - goal) // np.maximum(multiplier, 1))
    return np.concatenate([at, at + marks[:, 1:]], 1)


def _bounds(steps: _Steps, shift: int, slack: int) -> tuple[IntArray, IntArray]:
    """Between which a multiplier (C) lies, by each channel's first and last step that inputs cross."""
    inner = ~steps.always & ~steps.never
    one, other = inner.argmax(1), inner.shape[1] - 1 - inner[:, ::-1].argmax(1)
    rows, rise = np.arange(len(inner)), (other - one) << shift
    run = steps.at[rows, other] - steps.at[rows, one]
    widest = _LARGEST // (int(max(np.abs(steps.first).max(), np.abs(steps.last).max())) + 8)
    most = min(1 << shift if slack else 1 << (shift + 8), widest)
    few = 2 * ((1 << shift) // (steps.last - steps.first + 1))  # for one step: levels farther apart than all
    some, several = inner.any(1), inner.any(1) & (other > one)
    low = np.where(several, rise // (run + slack + 1), 0)
    high = np.where(run > slack + 1, rise // np.maximum(run - slack - 1, 1) + 1, most)
    return low, np.minimum(np.where(several, high, np.where(some, few, 0)), most)


def _marked(steps: _Steps, multiplier: IntArray, offset: IntArray, shift: int, bits: int) -> Line | None:
    """None where the next level of the line begins before a step that it puts too early."""
    goal = np.arange(1, steps.at.shape[1] + 2) << shift  # one more: where the line leaves the last level
    far = steps.last[:, None] + 1
    divisor = np.maximum(multiplier, 1)[:, None]
    line = np.where(
        multiplier[:, None] > 0,
        -((offset[:, None] - goal) // divisor),
        np.where(goal <= offset[:, None], steps.first[:, None], far),
    )
    line, after = line[:, :-1], line[:, 1:]
    late = np.where(steps.always, 0, np.maximum(steps.at - line, 0))
    if ((late > 0) & (line + late > after)).any() or late.max(initial=0) >= 1 << bits:
        return None
    marks = np.pad(late, ((0, 0), (1, 0)))
    return Line(multiplier, offset, shift, steps.low, marks, bits)
