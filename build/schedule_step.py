# SPDX-License-Identifier: Apache-2.0
"""When each kind of module takes and gives words: the registers that its valid and ready depend on.

A stage is a kind, constants `p` from `a` on and registers `s` from `b` on. Every cycle all `valid` and
`ready` are settled first, then each stage ticks: `push` a word came, `pop` a word left. Compiled, because an
image of a slow design takes millions of cycles; in one file, because kept machine code is renewed file by
file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FIFO, WIDTH, THRESHOLD, PAD, WIRES, DECONV = range(6)
DOWN, UP, GEARBOX = range(3)
_FOREVER = 1 << 40


def compiled(function: Callable[..., Any]) -> Any:
    """To machine code at its first call, which is kept for later runs where there is a place for it."""
    try:
        return numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return numba.njit(error_model="numpy")(function)


# ---- hw/rtl/fifo.sv: a memory of `depth` words and an output register ----
@compiled
def _fifo_tick(count: int, out: int, push: int, pop: int) -> tuple[int, int]:
    load = 1 if count != 0 and (out == 0 or pop == 1) else 0
    return count + push - load, 1 if load == 1 or (out == 1 and pop == 0) else 0


# ---- hw/rtl/width_convert.sv, all three forms: elements wait until a word is full ----
@compiled
def _width_ready(p: IntArray, a: int, s: IntArray, b: int, downstream: bool) -> bool:
    if p[a + 2] == DOWN:
        return s[b] == 0 or (s[b] == p[a + 1] and downstream)
    if p[a + 2] == UP:
        return s[b] < p[a + 1] or downstream
    return s[b] <= p[a + 3]


# ---- FINN's thresholding: a pipeline that is admitted into only while its output queue has room ----
@compiled
def _threshold_tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """Registers: now, queued, out, words in the pipeline, the oldest one's place; when each leaves it."""
    load = 1 if s[b + 1] != 0 and (s[b + 2] == 0 or pop == 1) else 0
    s[b + 1] -= load
    s[b + 2] = 1 if load == 1 or (s[b + 2] == 1 and pop == 0) else 0
    if s[b + 3] > 0 and s[b + 5 + s[b + 4]] <= s[b]:
        s[b + 4] = (s[b + 4] + 1) % p[a + 1]
        s[b + 3] -= 1
        s[b + 1] += 1
    s[b] += 1
    if push == 1:
        s[b + 5 + (s[b + 4] + s[b + 3]) % p[a + 1]] = s[b] + p[a] - 2
        s[b + 3] += 1


# ---- hw/rtl/deconv.sv: rows arrive, groups of steps are issued against credits, results queue up ----
_ROWS, _ROW_WORDS, _HEIGHT, _PADDING, _LATENCY, _OH, _OW, _NF, _SF, _PLACES, _TABLES = range(11)
_NOW, _OY, _GROUP, _DONE, _HELD, _COLUMN, _ROW, SURPLUS, CREDIT, _QUEUED, _OUT = range(11)
_FIRST, _FLYING, _FREED, _FREEING, LISTS = range(11, 16)  # ring of results, ring of freed rows
_FREE_LAG, FREE_PLACES = 3, 4


@compiled
def _steps(p: IntArray, a: int, s: IntArray, b: int) -> int:
    """Of the group that is issued."""
    rows = a + _TABLES + 2 * p[a + _OH]
    blocks = p[rows + s[b + _OY]] * p[rows + p[a + _OH] + s[b + _GROUP] // p[a + _NF]]
    return max(1, blocks * p[a + _SF])


@compiled
def _deconv_tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    now, places = s[b + _NOW], p[a + _PLACES]
    arrived = 0
    if s[b + _FLYING] > 0 and s[b + LISTS + s[b + _FIRST]] == now:
        s[b + _FIRST] = (s[b + _FIRST] + 1) % places
        s[b + _FLYING] -= 1
        arrived = 1
    freed = LISTS + places
    if s[b + _FREEING] > 0 and s[b + freed + 2 * s[b + _FREED]] == now:
        s[b + _HELD] -= s[b + freed + 2 * s[b + _FREED] + 1]
        s[b + _FREED] = (s[b + _FREED] + 1) % FREE_PLACES
        s[b + _FREEING] -= 1
    last = s[b + _DONE] + 1 == _steps(p, a, s, b)
    surplus = s[b + SURPLUS]
    if push == 1:
        _receive(p, a, s, b)
    if surplus >= 0 and (s[b + CREDIT] > 0 or not last):
        s[b + _DONE] += 1
        if last:
            s[b + _DONE] = 0
            s[b + CREDIT] -= 1
            s[b + LISTS + (s[b + _FIRST] + s[b + _FLYING]) % places] = now + p[a + _LATENCY]
            s[b + _FLYING] += 1
            s[b + _GROUP] += 1
            if s[b + _GROUP] == p[a + _OW] * p[a + _NF]:
                _end_row(p, a, s, b)
    s[b + CREDIT] += pop
    s[b + _QUEUED], s[b + _OUT] = _fifo_tick(s[b + _QUEUED], s[b + _OUT], arrived, pop)
    s[b + _NOW] = now + 1


@compiled
def _receive(p: IntArray, a: int, s: IntArray, b: int) -> None:
    s[b + _COLUMN] += 1
    if s[b + _COLUMN] == p[a + _ROW_WORDS]:
        s[b + _COLUMN], s[b + _ROW] = 0, (s[b + _ROW] + 1) % p[a + _HEIGHT]
        rows = 1 if s[b + _ROW] else 1 + p[a + _PADDING]
        s[b + SURPLUS] += rows
        s[b + _HELD] += rows


@compiled
def _end_row(p: IntArray, a: int, s: IntArray, b: int) -> None:
    oy, oh = s[b + _OY], p[a + _OH]
    drop = p[a + _TABLES + oy]
    if drop:
        place = LISTS + p[a + _PLACES] + 2 * ((s[b + _FREED] + s[b + _FREEING]) % FREE_PLACES)
        s[b + place], s[b + place + 1] = s[b + _NOW] + _FREE_LAG, drop
        s[b + _FREEING] += 1
    s[b + _GROUP], s[b + _OY] = 0, (oy + 1) % oh
    s[b + SURPLUS] -= p[a + _TABLES + oh + s[b + _OY]]


# ---- of any kind ----
@compiled
def valid(kind: int, p: IntArray, a: int, s: IntArray, b: int, upstream: bool) -> bool:
    """Whether the stage offers a word."""
    if kind == FIFO:
        return s[b + 1] == 1
    if kind == WIDTH:
        return s[b] >= p[a + 1]
    if kind == THRESHOLD:
        return s[b + 2] == 1
    if kind == DECONV:
        return s[b + _OUT] == 1
    if kind == PAD:
        return upstream or p[a + 1 + s[b]] == 0
    return upstream


@compiled
def ready(kind: int, p: IntArray, a: int, s: IntArray, b: int, downstream: bool) -> bool:
    """Whether the stage takes a word."""
    if kind == FIFO:
        return s[b] != p[a]
    if kind == WIDTH:
        return _width_ready(p, a, s, b, downstream)
    if kind == THRESHOLD:
        return s[b + 3] + s[b + 1] + s[b + 2] < p[a + 1]
    if kind == DECONV:
        return s[b + _HELD] != p[a + _ROWS]
    if kind == PAD:
        return p[a + 1 + s[b]] == 1 and downstream
    return downstream


@compiled
def tick(kind: int, p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge."""
    if kind == FIFO:
        s[b], s[b + 1] = _fifo_tick(s[b], s[b + 1], push, pop)
    elif kind == WIDTH:
        s[b] += push * p[a] - pop * p[a + 1]
    elif kind == THRESHOLD:
        _threshold_tick(p, a, s, b, push, pop)
    elif kind == DECONV:
        _deconv_tick(p, a, s, b, push, pop)
    elif kind == PAD and pop == 1:
        s[b] = (s[b] + 1) % p[a]


@compiled
def quiet(kind: int, p: IntArray, a: int, s: IntArray, b: int) -> int:
    """For how many cycles without a word coming or leaving the stage offers and takes the same."""
    if kind == FIFO:
        return 0 if s[b] != 0 and s[b + 1] == 0 else _FOREVER
    if kind == THRESHOLD:
        if s[b + 1] != 0 and s[b + 2] == 0:
            return 0
        return s[b + 5 + s[b + 4]] - s[b] if s[b + 3] > 0 else _FOREVER
    if kind != DECONV:
        return _FOREVER
    if s[b + _QUEUED] != 0 and s[b + _OUT] == 0:
        return 0
    now, freed, wait = s[b + _NOW], b + LISTS + p[a + _PLACES], _FOREVER
    if s[b + _FLYING] > 0:
        wait = min(wait, s[b + LISTS + s[b + _FIRST]] - now)
    if s[b + _FREEING] > 0:
        wait = min(wait, s[freed + 2 * s[b + _FREED]] - now)
    left = _steps(p, a, s, b) - 1 - s[b + _DONE]
    if s[b + SURPLUS] >= 0 and (left > 0 or s[b + CREDIT] > 0):
        wait = min(wait, left)
    return wait


@compiled
def skip(kind: int, p: IntArray, a: int, s: IntArray, b: int, cycles: int) -> None:
    """So many quiet cycles at once."""
    if kind == THRESHOLD:
        s[b] += cycles
    elif kind == DECONV:
        s[b + _NOW] += cycles
        if s[b + SURPLUS] >= 0 and s[b + _DONE] + 1 < _steps(p, a, s, b):
            s[b + _DONE] += cycles


@compiled
def advance(
    kinds: IntArray, p: IntArray, p_at: IntArray, s: IntArray, s_at: IntArray, beats: IntArray,
    counts: IntArray, first: IntArray, last: IntArray, ends: IntArray, cycle: int, until: int,
) -> int:  # fmt: skip
    """Cycle by cycle up to `until`, or until all images have left; returns the cycle that was reached.

    A quiet stage ticks when a word comes or leaves, or when its time is over; time jumps while none does.
    """
    n = len(kinds)
    valids, readys, fresh = np.ones(n + 1, np.bool_), np.ones(n + 1, np.bool_), np.ones(n, np.bool_)
    ticked, wakes = np.full(n, cycle), np.full(n, cycle)  # registers are those of that cycle; when it ticks
    while cycle < until and ends[0] < len(ends) - 1:
        for i in range(n):
            if fresh[i] or kinds[i] == PAD or kinds[i] == WIRES:
                valids[i + 1] = valid(kinds[i], p, p_at[i], s, s_at[i], valids[i])
        for i in range(n - 1, -1, -1):
            if fresh[i] or kinds[i] == PAD or kinds[i] == WIRES or kinds[i] == WIDTH:
                readys[i] = ready(kinds[i], p, p_at[i], s, s_at[i], readys[i + 1])
        wake, push, still = until, valids[0] and readys[0], True
        for i in range(n):
            pop = valids[i + 1] and readys[i + 1]
            fresh[i] = push or pop or wakes[i] <= cycle
            if fresh[i]:
                still = False
                skip(kinds[i], p, p_at[i], s, s_at[i], cycle - ticked[i])
                tick(kinds[i], p, p_at[i], s, s_at[i], int(push), int(pop))
                ticked[i] = cycle + 1
                wakes[i] = cycle + 1 + quiet(kinds[i], p, p_at[i], s, s_at[i])
            wake = min(wake, wakes[i])
            push = pop
        if still:
            cycle = wake
        else:
            _count(valids, readys, beats, counts, first, last, ends, cycle)
            cycle += 1
    for i in range(n):
        skip(kinds[i], p, p_at[i], s, s_at[i], cycle - ticked[i])
    return cycle


@compiled
def _count(
    valids: BoolArray, readys: BoolArray, beats: IntArray, counts: IntArray, first: IntArray,
    last: IntArray, ends: IntArray, cycle: int,
) -> None:  # fmt: skip
    """The words that move in this cycle."""
    n = len(counts) - 1
    for i in range(n + 1):
        if valids[i] and readys[i]:
            counts[i] += 1
            if counts[i] == 1:
                first[i] = cycle
            if counts[i] == beats[i]:
                last[i] = cycle
    if valids[n] and readys[n] and counts[n] % beats[n] == 0:
        ends[0] += 1
        ends[ends[0]] = cycle
