# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/batch_buffer.sv: a batch comes while the one before leaves, so often as it is wanted."""

from __future__ import annotations

import math
from typing import Any

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import BATCH, FOREVER, IntArray, Stage

_HELD, _WRITTEN, _READ, _WORD, _OUT = range(5)


def stage(op: Any) -> Stage:
    """Of a BatchBuffer_rtl node. Constants: words of a batch that come, that leave.

    Registers: whole batches held, words of the next that came, words that were read, whether one is on its
    way, whether one is offered.
    """
    batch = int(op.get_nodeattr("batch"))
    sides = (op.get_folded_input_shape(), op.get_folded_output_shape())
    words = [batch * math.prod(int(v) for v in shape[:-1]) for shape in sides]
    return Stage.of(BATCH, words, [0] * 5)


@compiled
def valid(s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return s[b + _OUT] == 1


@compiled
def ready(s: IntArray, b: int) -> bool:
    """Whether it takes a word."""
    return s[b + _HELD] != 2


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
    step = s[b + _OUT] == 0 or pop == 1
    read = s[b + _HELD] > 0 and (s[b + _WORD] == 0 or step)
    if step:
        s[b + _OUT] = s[b + _WORD]
    if read:
        s[b + _WORD] = 1
        s[b + _READ] += 1
        if s[b + _READ] == p[a + 1]:
            s[b + _READ] = 0
            s[b + _HELD] -= 1
    elif step:
        s[b + _WORD] = 0
    if push == 1:
        s[b + _WRITTEN] += 1
        if s[b + _WRITTEN] == p[a]:
            s[b + _WRITTEN] = 0
            s[b + _HELD] += 1


@compiled
def quiet(s: IntArray, b: int) -> int:
    """Cycles for which it offers and takes the same if no word comes or leaves."""
    moves = (s[b + _OUT] == 0 and s[b + _WORD] == 1) or (s[b + _WORD] == 0 and s[b + _HELD] > 0)
    return 0 if moves else FOREVER
