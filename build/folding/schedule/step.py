# SPDX-License-Identifier: Apache-2.0
"""When each kind of module takes and gives words: the registers that its valid and ready depend on.

A stage is a kind, constants `p` from `a` on and registers `s` from `b` on. Every cycle all `valid` are
settled first, from the graph's input to its output, for none depends on a `ready`; then all `ready`, which
may depend on both, the other way; then each stage ticks: `push` a word came, `pop` a word left. Compiled,
because an image of a slow design takes millions of cycles; in one file, because kept machine code is renewed
file by file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.environment import cache_dir

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FIFO, WIDTH, THRESHOLD, PAD, WIRES, DECONV, FORK, ADD, CONCAT = range(9)
DOWN, UP, GEARBOX = range(3)
_FOREVER = 1 << 40
STUCK = -1


def compiled(function: Callable[..., Any]) -> Any:
    """To machine code at its first call, which is kept for later runs where there is a place for it.

    In the user's cache: a package that holds more than was installed is not removed whole.
    """
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = before or str(cache_dir() / "numba")
    try:
        return numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return numba.njit(error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before


# ---- hw/rtl/stream/fifo.sv: a memory of `depth` words and an output register ----
@compiled
def _fifo_tick(count: int, out: int, push: int, pop: int) -> tuple[int, int]:
    load = 1 if count != 0 and (out == 0 or pop == 1) else 0
    return count + push - load, 1 if load == 1 or (out == 1 and pop == 0) else 0


# ---- hw/rtl/stream/width_convert.sv, all three forms: elements wait until a word is full ----
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


# ---- hw/rtl/engine/deconv.sv: rows arrive, groups of steps are issued against credits, results queue up ----
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


# ---- of any kind with one stream on each side ----
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


# ---- hw/rtl/stream/stream_fork.sv, stream_add.sv, stream_concat.sv: streams `ins` come, `outs` leave ----
@compiled
def _join_valid(
    kind: int, s: IntArray, b: int, ins: IntArray, outs: IntArray, valids: BoolArray
) -> None:  # fmt: skip
    if kind != FORK:
        valids[outs[0]] = s[b] == 1
        return
    for k in range(len(outs)):
        valids[outs[k]] = valids[ins[0]] and s[b + k] == 0


@compiled
def _join_ready(
    kind: int, s: IntArray, b: int, ins: IntArray, outs: IntArray, valids: BoolArray, readys: BoolArray
) -> None:
    if kind == FORK:
        every = True
        for k in range(len(outs)):
            every = every and (s[b + k] == 1 or readys[outs[k]])
        readys[ins[0]] = every
        return
    room = s[b] == 0 or readys[outs[0]]
    if kind == ADD:
        readys[ins[0]] = readys[ins[1]] = room and valids[ins[0]] and valids[ins[1]]
    else:
        for k in range(len(ins)):
            readys[ins[k]] = room and k == s[b + 1]


@compiled
def _moved(streams: IntArray, valids: BoolArray, readys: BoolArray) -> bool:
    """Whether a word passes on any of them."""
    for stream in streams:  # noqa: SIM110  compiled code has no any()
        if valids[stream] and readys[stream]:
            return True
    return False


@compiled
def _join_tick(
    kind: int, p: IntArray, a: int, s: IntArray, b: int, outs: IntArray, valids: BoolArray,
    readys: BoolArray, push: bool, pop: bool,
) -> None:  # fmt: skip
    if kind == FORK:
        for k in range(len(outs)):
            if push:
                s[b + k] = 0
            elif valids[outs[k]] and readys[outs[k]]:
                s[b + k] = 1
        return
    s[b] = 1 if push or (s[b] == 1 and not pop) else 0
    if kind == CONCAT and push:
        s[b + 2] += 1
        if s[b + 2] == p[a + 1 + s[b + 1]]:
            s[b + 2], s[b + 1] = 0, (s[b + 1] + 1) % p[a]


@compiled
def advance(
    kinds: IntArray, p: IntArray, p_at: IntArray, s: IntArray, s_at: IntArray, streams: IntArray,
    in_at: IntArray, out_at: IntArray, beats: IntArray, counts: IntArray, first: IntArray, last: IntArray,
    ends: IntArray, cycle: int, until: int,
) -> int:  # fmt: skip
    """Cycle by cycle up to `until`, or until all images have left; returns the cycle that was reached.

    Streams of stage i: those that come are in `streams` from in_at[i] on, those that leave from out_at[i] on,
    up to in_at[i + 1]. A quiet stage ticks when a word comes or leaves, or when its time is over; time jumps
    while none does. STUCK where no word will ever move again.
    """
    n, only_in, only_out = len(kinds), streams[in_at[:-1]], streams[out_at]
    valids, readys = np.ones(len(beats), np.bool_), np.ones(len(beats), np.bool_)
    fresh = np.ones(n, np.bool_)
    ticked, wakes = np.full(n, cycle), np.full(n, cycle)  # registers are those of that cycle; when it ticks
    while cycle < until and ends[0] < len(ends) - 1:
        for i in range(n):
            if kinds[i] >= FORK:
                ins, outs = streams[in_at[i] : out_at[i]], streams[out_at[i] : in_at[i + 1]]
                _join_valid(kinds[i], s, s_at[i], ins, outs, valids)
            elif fresh[i] or kinds[i] == PAD or kinds[i] == WIRES:
                valids[only_out[i]] = valid(kinds[i], p, p_at[i], s, s_at[i], valids[only_in[i]])
        for i in range(n - 1, -1, -1):
            if kinds[i] >= FORK:
                ins, outs = streams[in_at[i] : out_at[i]], streams[out_at[i] : in_at[i + 1]]
                _join_ready(kinds[i], s, s_at[i], ins, outs, valids, readys)
            elif fresh[i] or kinds[i] == PAD or kinds[i] == WIRES or kinds[i] == WIDTH:
                readys[only_in[i]] = ready(kinds[i], p, p_at[i], s, s_at[i], readys[only_out[i]])
        wake, still = _FOREVER, True
        for i in range(n):
            push = valids[only_in[i]] and readys[only_in[i]]
            pop = valids[only_out[i]] and readys[only_out[i]]
            if kinds[i] >= FORK:
                outs = streams[out_at[i] : in_at[i + 1]]
                push = _moved(streams[in_at[i] : out_at[i]], valids, readys)
                pop = _moved(outs, valids, readys)
                if push or pop:
                    _join_tick(kinds[i], p, p_at[i], s, s_at[i], outs, valids, readys, push, pop)
                    still = False
                continue
            fresh[i] = push or pop or wakes[i] <= cycle
            if fresh[i]:
                still = False
                skip(kinds[i], p, p_at[i], s, s_at[i], cycle - ticked[i])
                tick(kinds[i], p, p_at[i], s, s_at[i], int(push), int(pop))
                ticked[i] = cycle + 1
                wakes[i] = cycle + 1 + quiet(kinds[i], p, p_at[i], s, s_at[i])
            wake = min(wake, wakes[i])
        if still and wake == _FOREVER:
            return STUCK
        if still:
            cycle = min(wake, until)
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
