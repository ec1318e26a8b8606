# SPDX-License-Identifier: Apache-2.0
"""Cycles per image: one number of the same distances, whoever counted them."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.sim.pace import cycles_per_image


@pytest.mark.parametrize(
    "gaps, cycles",
    [
        ([], None), ([70], 70), ([90, 80, 70, 70], 70), ([70, 71], 71),
        ([66, 69] * 2, 68), ([66, 69, 66], 68), ([66, 69] * 8, 68), ([9, 66, 69, 66, 69, 66], 68),
        ([60, 60, 66] * 4, 62), ([80, 60, 61, 60, 60, 75, 60], 60),
    ],
)  # fmt: skip
def test_distances_that_come_in_turns_count_by_their_mean(gaps, cycles):
    """A median, or the longest, would be another number for 8 and for 9 images."""
    assert cycles_per_image([5, *(5 + np.cumsum(gaps)).tolist()]) == cycles
