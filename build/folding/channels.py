# SPDX-License-Identifier: Apache-2.0
"""Channel counts that a layer may work on, and how they are folded."""

from __future__ import annotations

from fpgan.build.dataflow.joins import divisors

_PADDINGS = 4  # channel counts tried per tensor, the true one included


def folds(ci: int, co: int, groups: int) -> list[tuple[int, int]]:
    """(PE, SIMD): some channels of a group, or all channels of some groups."""
    inputs, outputs = ci // groups, co // groups
    within = [(pe, simd) for pe in divisors(outputs) for simd in divisors(inputs)]
    return within + [(n * outputs, n * inputs) for n in divisors(groups)[1:]]


def paddings(channels: int, thirds: bool = False) -> list[int]:
    """Channel counts to try for a tensor: its own, and a few larger ones that divide better.

    thirds: those that three divides, too, though others may not.
    """
    extra = max(1, channels // 16)
    larger = {-(-channels // n) * n for n in range(2, channels + 1)} - {channels}
    useful = [
        c
        for c in larger
        if c <= channels + extra and (len(divisors(c)) >= len(divisors(channels)) or (thirds and c % 3 == 0))
    ]
    return [channels, *sorted(useful, key=lambda c: (-len(divisors(c)), c))[: _PADDINGS - 1]]
