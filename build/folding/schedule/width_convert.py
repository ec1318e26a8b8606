# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/width_convert.sv, all three forms: elements wait until a word is full."""

from __future__ import annotations

from typing import Any

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import WIDTH, IntArray, Stage

_DOWN, _UP, _GEARBOX = range(3)


def stage(op: Any) -> Stage:
    """Of a WidthConvert_rtl node. Register: elements that wait."""
    taken, given = op.get_nodeattr("in_elems"), op.get_nodeattr("out_elems")
    form = _DOWN if taken % given == 0 else _UP if given % taken == 0 else _GEARBOX
    return Stage.of(WIDTH, [taken, given, form, given + min(taken, given)], [0])


@compiled
def valid(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return s[b] >= p[a + 1]


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int, downstream: bool) -> bool:
    """Whether it takes a word."""
    if p[a + 2] == _DOWN:
        return s[b] == 0 or (s[b] == p[a + 1] and downstream)
    if p[a + 2] == _UP:
        return s[b] < p[a + 1] or downstream
    return s[b] <= p[a + 3]


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
    s[b] += push * p[a] - pop * p[a + 1]
