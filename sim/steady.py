# SPDX-License-Identifier: Apache-2.0
"""How often images leave, from the cycles in which they left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def steady(ends: Sequence[int]) -> int | None:
    """Cycles between images once they come evenly, or in a pattern that repeats: its average, rounded up.

    ends: cycle of each image's last word. Where paths meet images may leave 66 and 69 cycles apart, by turns.
    The later half of the distances counts, or two of the pattern where that is longer and there are so many.
    None where no pattern is seen.
    """
    gaps = np.diff(np.asarray(ends, np.int64))
    half = (len(gaps) + 1) // 2
    for length in range(1, half + 1):
        later = gaps[-max(half, 2 * length) :]
        if len(later) > length and np.array_equal(later[length:], later[:-length]):
            return -(-int(later[-length:].sum()) // length)
    return None
