# SPDX-License-Identifier: Apache-2.0
"""Whole factors for a sum of two images, each with a scale of its own.

What the file computes of integers a and b is a function of the real number s0*a + s1*b. Hardware adds
p*a + q*b and compares. Where p/q is not s0/s1, pairs (a,b) may change places; that does no harm as long as
none does across a step of the function, which is seen by trying all pairs, 65,536 at most. The smallest
factors that pass are taken; those that are the scales' own ratio always do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fpgan.build.frontend.quantizers import Quantizer

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
Steps = Callable[[FloatArray], IntArray]  # values (T) -> integers (C,T)
_MAX_WHOLE, _MAX_PART = 256, 16  # numerator, denominator of scales that are meant to be in proportion
_ROUNDED = Fraction(1, 2**22)  # of a ratio of two float32 scales
_SMALL = 4096  # factors that are tried one by one
_MAX_FACTOR = 2**31 - 1
_CHUNK = 1 << 21  # values at once, all channels together


@dataclass(frozen=True)
class Worth:
    """What accumulators stand for where no one scale says it: from starts[i] on values[i]; both ascend."""

    starts: IntArray
    values: FloatArray

    def __call__(self, acc: NDArray[np.float64]) -> FloatArray:
        """Of accumulators of any shape, the lowest that is reached and higher ones."""
        found: FloatArray = self.values[np.searchsorted(self.starts, acc, side="right") - 1]
        return found


def proportion(sources: tuple[Quantizer, Quantizer]) -> tuple[int, int] | None:
    """Factors of scales whose ratio is that of two small integers but for the rounding to float32."""
    ratio = _ratio(sources)
    near = ratio.limit_denominator(_MAX_PART) if ratio > 1 else 1 / (1 / ratio).limit_denominator(_MAX_PART)
    whole = max(near.numerator, near.denominator) <= _MAX_WHOLE
    return (near.numerator, near.denominator) if whole and abs(near / ratio - 1) <= _ROUNDED else None


def separating(sources: tuple[Quantizer, Quantizer], function: Steps) -> tuple[tuple[int, int], Worth]:
    """The smallest factors of which no pair crosses a step of the function, and what their sums stand for.

    The function gets float32, to which the exact sum is rounded once. Raises ValueError where no factors
    below 2^31 do.
    """
    a, b, values = _sorted_pairs(sources)
    steps = _changes(function, values)
    for p, q in _candidates(_ratio(sources)):
        acc = p * a + q * b
        if not (acc[steps - 1] < acc[steps]).all():
            continue
        lowest = np.minimum.accumulate(acc[::-1])[::-1]
        if (np.maximum.accumulate(acc)[steps - 1] < lowest[steps]).all():
            return (p, q), Worth(lowest, values)
    one, other = (source.scale for source in sources)
    raise ValueError(
        f"adds images of scales {one:.6g} and {other:.6g}, which no factors below 2^31 bring together; "
        "give both one quantizer"
    )


def real_range(sources: tuple[Quantizer, Quantizer]) -> FloatArray:
    """Lowest and highest sum."""
    ends = [sum(_scale(q) * end(q) for q in sources) for end in (lambda q: q.low, lambda q: q.high)]
    return np.array(ends, np.float32)


def _scale(source: Quantizer) -> float:
    return float(np.float32(source.scale))


def _ratio(sources: tuple[Quantizer, Quantizer]) -> Fraction:
    return Fraction(_scale(sources[0])) / Fraction(_scale(sources[1]))


def _sorted_pairs(sources: tuple[Quantizer, Quantizer]) -> tuple[IntArray, IntArray, FloatArray]:
    """All pairs of integers, by the real sum, and that sum rounded to float32."""
    one, other = sources
    a = np.repeat(one.levels, len(other.levels))
    b = np.tile(other.levels, len(one.levels))
    sums = a * _scale(one) + b * _scale(other)
    order = np.argsort(sums, kind="stable")
    return a[order], b[order], sums[order].astype(np.float32)


def _changes(function: Steps, values: FloatArray) -> IntArray:
    """Places of values at which any channel is another integer than at the value before."""
    known, places = np.unique(values, return_index=True)
    step = max(1, _CHUNK // len(function(known[:1])))
    found = []
    for first in range(0, len(known), step):
        steps = np.diff(function(known[max(0, first - 1) : first + step]), axis=1) != 0
        found.append(places[max(1, first) : first + step][steps.any(0)])
    return np.concatenate(found)


def _candidates(ratio: Fraction) -> Iterator[tuple[int, int]]:
    """Whole numbers whose ratio is ever nearer to this one, the last one's its own."""
    large = max(ratio, 1 / ratio)
    tried = [Fraction(round(large * q), q) for q in range(1, _SMALL)]
    tried += [large.limit_denominator(_SMALL << i) for i in range(13)] + [large]
    for near in dict.fromkeys(tried):
        p, q = near.numerator, near.denominator
        if max(p, q) <= _MAX_FACTOR:
            yield (p, q) if ratio >= 1 else (q, p)
