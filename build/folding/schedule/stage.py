# SPDX-License-Identifier: Apache-2.0
"""A module of the dataflow as the schedule sees it: the registers that its valid and ready depend on.

The file of each kind says its constants `p` from `a` on and registers `s` from `b` on, and as compiled
functions of them

    valid    whether it offers a word
    ready    whether it takes a word
    tick     a clock edge: `push` a word came, `pop` a word left
    quiet    for how many cycles without a word coming or leaving it offers and takes the same
    skip     so many quiet cycles at once

leaving out what never changes; step.py puts them together. Where registers hold times, `relative` writes them
as they are seen from now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
# Kinds; the last three join or part.
FIFO, WIDTH, THRESHOLD, PAD, WIRES, DECONV, BATCH, STREAMED, FORK, ADD, CONCAT = range(11)
FOREVER = 1 << 40


@dataclass(frozen=True)
class Stage:
    """A module's kind, constants, and registers as a reset leaves them.

    places: registers that count through an image, and what their module does at each count (whole rows of a
    table, one per count): where that repeats, so does the module.
    """

    kind: int
    constants: IntArray
    registers: IntArray
    places: tuple[tuple[int, IntArray], ...] = ()

    @classmethod
    def of(cls, kind: int, constants: Sequence[int], registers: Sequence[int]) -> Stage:
        return cls(kind, np.array(constants, np.int64), np.array(registers, np.int64))
