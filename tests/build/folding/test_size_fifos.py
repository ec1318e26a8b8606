# SPDX-License-Identifier: Apache-2.0
"""The least depth of a FIFO is found in few runs, whatever the cycles are as a function of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fpgan.build.folding.size_fifos import SMALLEST, _least

LIMIT = 1000


def linear(need, each=37, stops=0):
    """Cycles with so many words; below `stops` no image comes."""
    return lambda depth: math.inf if depth < stops else LIMIT + max(0, each * (need - depth))


def tried(cycles, first, high):
    """The least depth, and how many depths were tried."""
    seen = []
    return _least(lambda depth: seen.append(depth) or cycles(depth), SMALLEST, first, high, LIMIT), len(seen)


@pytest.mark.parametrize(("need", "stops"), [(3, 0), (2061, 0), (2061, 1500), (4095, 2), (4096, 4000)])
def test_missing_words_that_cost_the_same_each(need, stops):
    """Where only the line is to be found: a bisection tries 12 depths of 4,096."""
    found, tries = tried(linear(need, stops=stops), SMALLEST, 4096)
    assert found == need
    assert stops > 2 or tries <= 6


@pytest.mark.parametrize("seed", range(40))
def test_any_falling_curve(seed):
    """Steps, bends, flat parts, and depths that never suffice before: the first that does."""
    rng = np.random.default_rng(seed)
    high = int(rng.integers(3, 400))
    falls = rng.integers(0, 50, high) * rng.integers(0, 2, high)
    curve = LIMIT - int(rng.integers(0, 20)) + np.cumsum(falls[::-1])[::-1]
    curve[high - 1] = LIMIT
    never = int(rng.integers(0, high))
    cycles = [math.inf if depth < never else max(int(curve[depth - 1]), 1) for depth in range(high + 1)]
    least = next(depth for depth in range(SMALLEST, high + 1) if cycles[depth] <= LIMIT)
    for first in (SMALLEST, (SMALLEST + high) // 2):
        found, tries = tried(cycles.__getitem__, first, high)
        assert found == least and tries <= 3 * math.ceil(math.log2(high)) + 3
