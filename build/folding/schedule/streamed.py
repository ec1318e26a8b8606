# SPDX-License-Identifier: Apache-2.0
"""A deconv whose weights are streamed: hw/rtl/engine/weight_tiles.sv, in front of what deconv.py says.

A tile's weights come at the rate of the memory into one of two banks, and its images enter then;
a bank is filled again once the last step that reads it is done.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fpgan.build.dataflow import memory_costs
from fpgan.build.folding.schedule import deconv
from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import FOREVER, STREAMED, IntArray, Stage

_ENTERING, _IMAGES, _WORDS, _PER_WORD, _LAG, _OWN = range(6)
_ENTERED, _OPEN, _WAITING, _HELD, _FULL_AT, _NEXT, _IMAGE, _FREE_1, _FREE_2, _REGISTERS = range(10)
_SCALE = 1024  # of times between words, which need be no whole cycles
_READ_LAG = 6  # cycles from a tile's last step until its bank is free, with one tap and weights in time


def stage(op: Any) -> Stage:
    """Of a Deconv_rtl node whose weights are streamed."""
    inner, geometry = deconv.stage(op), op.geometry
    shape, beat = op.shape(), int(op.get_nodeattr("beat_bits"))
    width = shape.lanes * shape.weight_bits
    place = memory_costs.streamed_place(width, beat)
    per_word = max(_SCALE, round(place / 8 * _SCALE / (op.bytes_per_cycle or beat / 8)))
    words = memory_costs.bank_words(width, shape.weight_words, beat)
    late = int(shape.taps > 1) + int(shape.core == "lut")
    entering = op.batch * geometry.rows.size * geometry.cols.size * op.pixel_words
    own = [entering, op.batch, words, per_word, _READ_LAG + late]
    registers = np.zeros(_REGISTERS, np.int64)
    registers[_NEXT] = op.get_nodeattr("latency") * _SCALE + per_word
    registers[_FULL_AT] = -(-(registers[_NEXT] + (words - 1) * per_word) // _SCALE)
    registers[_FREE_1] = registers[_FREE_2] = FOREVER
    places = tuple((_REGISTERS + at, table) for at, table in inner.places)
    constants = np.concatenate([own, inner.constants]).astype(np.int64)
    return Stage(STREAMED, constants, np.concatenate([registers, inner.registers]), places)


@compiled
def valid(s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return deconv.valid(s, b + _REGISTERS)


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether it takes a word."""
    return s[b + _OPEN] == 1 and deconv.ready(p, a + _OWN, s, b + _REGISTERS)


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
    now = deconv.now(s, b + _REGISTERS)
    begun = s[b + _WAITING] > 0 and s[b + _OPEN] == 0
    if begun:
        s[b + _OPEN] = 1
        s[b + _WAITING] -= 1
    if push == 1:
        s[b + _ENTERED] += 1
        if s[b + _ENTERED] == p[a + _ENTERING]:
            s[b + _ENTERED] = s[b + _OPEN] = 0
    if deconv.ends_image(p, a + _OWN, s, b + _REGISTERS):
        s[b + _IMAGE] += 1
        if s[b + _IMAGE] == p[a + _IMAGES]:
            s[b + _IMAGE] = 0
            if s[b + _FREE_1] == FOREVER:
                s[b + _FREE_1] = now + p[a + _LAG]
            else:
                s[b + _FREE_2] = now + p[a + _LAG]
    _fill(p, a, s, b, now)
    deconv.tick(p, a + _OWN, s, b + _REGISTERS, push, pop)


@compiled
def _fill(p: IntArray, a: int, s: IntArray, b: int, now: int) -> None:
    """Banks that become full, and free: what is offered then is written at once."""
    ended = s[b + _FULL_AT] == now
    freed = s[b + _FREE_1] == now
    if ended:
        s[b + _WAITING] += 1
        s[b + _HELD] += 1
        s[b + _NEXT] += p[a + _WORDS] * p[a + _PER_WORD]  # when the next tile's first word is there
        s[b + _FULL_AT] = FOREVER
    if freed:
        s[b + _FREE_1], s[b + _FREE_2] = s[b + _FREE_2], FOREVER
        s[b + _HELD] -= 1
    if s[b + _FULL_AT] == FOREVER and s[b + _HELD] < 2:
        s[b + _NEXT] = max(s[b + _NEXT], (now + 1) * _SCALE)
        s[b + _FULL_AT] = -(-(s[b + _NEXT] + (p[a + _WORDS] - 1) * p[a + _PER_WORD]) // _SCALE)


@compiled
def relative(p: IntArray, a: int, s: IntArray, b: int, seen: IntArray) -> None:
    """Its times, seen from now."""
    now = deconv.now(s, b + _REGISTERS)
    for place in (_FULL_AT, _FREE_1, _FREE_2):
        seen[b + place] = s[b + place] - now if s[b + place] != FOREVER else FOREVER
    seen[b + _NEXT] = max(0, s[b + _NEXT] - now * _SCALE)
    deconv.relative(p, a + _OWN, s, b + _REGISTERS, seen)


@compiled
def quiet(p: IntArray, a: int, s: IntArray, b: int) -> int:
    """Cycles for which it offers and takes the same if no word comes or leaves."""
    if s[b + _WAITING] > 0 and s[b + _OPEN] == 0:
        return 0
    now = deconv.now(s, b + _REGISTERS)
    wait = deconv.quiet(p, a + _OWN, s, b + _REGISTERS)
    for place in (_FULL_AT, _FREE_1, _FREE_2):
        if s[b + place] != FOREVER:
            wait = min(wait, s[b + place] - now)
    return wait


@compiled
def skip(p: IntArray, a: int, s: IntArray, b: int, cycles: int) -> None:
    """So many quiet cycles at once."""
    deconv.skip(p, a + _OWN, s, b + _REGISTERS, cycles)
