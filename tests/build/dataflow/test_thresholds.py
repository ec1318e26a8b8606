# SPDX-License-Identifier: Apache-2.0
"""Thresholds equal the float function at every accumulator value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpgan.build.dataflow.thresholds import find_thresholds
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.sim.golden import threshold


def affine(gain, offset, target):
    def function(acc):
        x = acc.astype(np.float32) * np.float32(gain)[:, None] + np.float32(offset)[:, None]
        return np.clip(np.rint(np.tanh(x) / np.float32(target.scale)), target.low, target.high).astype(
            np.int64
        )

    return function


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-3, 3)), min_size=1, max_size=5),
    st.integers(2, 8),
    st.booleans(),
    st.integers(-3000, 0),
    st.integers(1, 3000),
)
def test_equal_to_the_function_everywhere(channels, bits, signed, low, high):
    gain, offset = (np.array(v) for v in zip(*channels, strict=True))
    target = Quantizer(2.0 ** (1 - bits), -(2 ** (bits - 1)) if signed else 0, 2 ** (bits - 1) - 1)
    function = affine(gain, offset, target)
    lows, highs = np.full(len(gain), low), np.full(len(gain), high)
    steps, flipped = find_thresholds(function, lows, highs, target)
    every = np.repeat(np.arange(low, high + 1)[None], len(gain), 0)
    sign = np.where(flipped, -1, 1)
    counted = threshold((every * sign[:, None]).T, steps, target.low).T
    assert np.array_equal(counted, function(every))


def test_decreasing_channels_are_flipped_and_constant_ones_not():
    target = Quantizer(0.125, -8, 7)
    function = affine(np.array([0.01, -0.01, 0.0]), np.zeros(3), target)
    steps, flipped = find_thresholds(function, np.full(3, -100), np.full(3, 100), target)
    assert flipped.tolist() == [False, True, False]
    assert (np.diff(steps, axis=1) >= 0).all()
    assert set(steps[2].tolist()) == {-100, 101}  # always reached, never reached


def test_a_function_that_is_not_monotone_is_refused():
    target = Quantizer(0.5, 0, 7)

    def bump(acc):
        return np.clip(7 - np.abs(acc) // 4, 0, 7)

    with pytest.raises(ValueError, match="not monotone at accumulator"):
        find_thresholds(bump, np.array([-20]), np.array([40]), target)


def test_a_single_value_that_is_too_low_is_refused():
    """Wherever it lies: most often the search passes it by, and it alone differs from the thresholds."""
    for dip in range(-11, 41):

        def dipped(acc, dip=dip):
            return np.clip((acc + 20) // 4 - 2 * (acc == dip), 0, 15)

        with pytest.raises(ValueError, match="not monotone at accumulator"):
            find_thresholds(dipped, np.array([-20]), np.array([40]), Quantizer(0.5, 0, 15))
