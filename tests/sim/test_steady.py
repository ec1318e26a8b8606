# SPDX-License-Identifier: Apache-2.0
"""The distance between images, from the cycles in which they leave."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.sim.steady import steady


@pytest.mark.parametrize(
    ("gaps", "cycles"),
    [
        ([100, 100], 100),
        ([90, 100, 100], 100),
        ([66, 69, 66], 68),  # of few images and of many the same
        ([69, 66, 69], 68),
        ([50, 66, 69, 66, 69, 66, 69, 66], 68),
        ([10, 10, 13] * 4, 11),
        ([100, 110, 120], None),
        ([66, 69], None),
        ([70], None),
        ([], None),
    ],
)
def test_the_distance(gaps, cycles):
    """A maximum or a median of distances that alternate is no rate: it would be 69 or 66."""
    assert steady(np.cumsum([5, *gaps]).tolist()) == cycles
