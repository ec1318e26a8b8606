# SPDX-License-Identifier: Apache-2.0
"""Cycles per image of a stream of them, as a simulation counts them and a model predicts them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median


def cycles_per_image(ends: Sequence[int]) -> int | None:
    """Distance of images that end in these cycles, in the later half, rounded up; None for one.

    Where paths meet, distances may come in turns, as 66, 69, 66, 69: the mean of a turn, else the median.
    """
    gaps = [after - before for before, after in pairwise(ends)]
    late = gaps[len(gaps) // 2 :]
    for turn in range(1, (len(late) + 1) // 2 + 1):
        if late[turn:] == late[:-turn]:
            return math.ceil(Fraction(sum(late[-turn:]), turn))
    return math.ceil(median(late)) if late else None
