# SPDX-License-Identifier: Apache-2.0
"""A graph cycle by cycle: when each of its modules takes and gives words.

Every cycle all `valid` are settled first, from the graph's input to its output, for none depends on a
`ready`; then all `ready`, which may depend on both, the other way; then each stage ticks. Compiled, because
an image of a slow design takes millions of cycles.
"""

from __future__ import annotations

import numpy as np

from fpgan.build.folding.schedule import (
    batch_buffer,
    deconv,
    fifo,
    joins,
    pixel_pad,
    streamed,
    thresholding,
    width_convert,
)
from fpgan.build.folding.schedule.machine_code import compiled, kept
from fpgan.build.folding.schedule.stage import (
    BATCH,
    DECONV,
    FIFO,
    FOREVER,
    FORK,
    PAD,
    STREAMED,
    THRESHOLD,
    WIDTH,
    WIRES,
    BoolArray,
    IntArray,
)

STUCK = -1


@kept
def advance(
    kinds: IntArray, p: IntArray, p_at: IntArray, s: IntArray, s_at: IntArray, streams: IntArray,
    in_at: IntArray, out_at: IntArray, beats: IntArray, counts: IntArray, first: IntArray, last: IntArray,
    ends: IntArray, low: IntArray, high: IntArray, cycle: int, until: int, stream: int, words: int,
    grows: int,
) -> int:  # fmt: skip
    """Cycle by cycle up to `until`, until all images have left, or `words` have passed `stream` in all.

    Returns the cycle that was reached; low, high: fewest and most words in each FIFO on the way.

    Streams of stage i: those that come are in `streams` from in_at[i] on, those that leave from out_at[i] on,
    up to in_at[i + 1]. A quiet stage ticks when a word comes or leaves, or when its time is over; time jumps
    while none does. STUCK where no word will ever move again; but while the FIFO `grows`, if that is one, is
    full then, its constant becomes a word more.
    """
    n, only_in, only_out = len(kinds), streams[in_at[:-1]], streams[out_at]
    valids, readys = np.ones(len(beats), np.bool_), np.ones(len(beats), np.bool_)
    ticked, wakes = np.full(n, cycle), np.full(n, cycle)  # registers are those of that cycle; when it ticks
    return _advance(
        kinds, p, p_at, s, s_at, streams, in_at, out_at, beats, counts, first, last, ends, low, high, cycle,
        until, stream, words, grows, n, only_in, only_out, valids, readys, np.ones(n, np.bool_), ticked,
        wakes,
    )  # fmt: skip


@compiled
def _advance(
    kinds: IntArray, p: IntArray, p_at: IntArray, s: IntArray, s_at: IntArray, streams: IntArray,
    in_at: IntArray, out_at: IntArray, beats: IntArray, counts: IntArray, first: IntArray, last: IntArray,
    ends: IntArray, low: IntArray, high: IntArray, cycle: int, until: int, stream: int, words: int,
    grows: int, n: int, only_in: IntArray, only_out: IntArray, valids: BoolArray, readys: BoolArray,
    fresh: BoolArray, ticked: IntArray, wakes: IntArray,
) -> int:  # fmt: skip
    while cycle < until and ends[0] < len(ends) - 1 and counts[stream] != words:
        for i in range(n):
            if kinds[i] >= FORK:
                ins, outs = streams[in_at[i] : out_at[i]], streams[out_at[i] : in_at[i + 1]]
                joins.valid(kinds[i], s, s_at[i], ins, outs, valids)
            elif fresh[i] or kinds[i] == PAD or kinds[i] == WIRES:
                valids[only_out[i]] = _valid(kinds[i], p, p_at[i], s, s_at[i], valids[only_in[i]])
        for i in range(n - 1, -1, -1):
            if kinds[i] >= FORK:
                ins, outs = streams[in_at[i] : out_at[i]], streams[out_at[i] : in_at[i + 1]]
                joins.ready(kinds[i], s, s_at[i], ins, outs, valids, readys)
            elif fresh[i] or kinds[i] == PAD or kinds[i] == WIRES or kinds[i] == WIDTH:
                readys[only_in[i]] = _ready(kinds[i], p, p_at[i], s, s_at[i], readys[only_out[i]])
        wake, still = FOREVER, True
        for i in range(n):
            push = valids[only_in[i]] and readys[only_in[i]]
            pop = valids[only_out[i]] and readys[only_out[i]]
            if kinds[i] >= FORK:
                outs = streams[out_at[i] : in_at[i + 1]]
                push = joins.moved(streams[in_at[i] : out_at[i]], valids, readys)
                pop = joins.moved(outs, valids, readys)
                if push or pop:
                    joins.tick(kinds[i], p, p_at[i], s, s_at[i], outs, valids, readys, push, pop)
                    still = False
                continue
            fresh[i] = push or pop or wakes[i] <= cycle
            if fresh[i]:
                still = False
                _skip(kinds[i], p, p_at[i], s, s_at[i], cycle - ticked[i])
                _tick(kinds[i], p, p_at[i], s, s_at[i], int(push), int(pop))
                ticked[i] = cycle + 1
                wakes[i] = cycle + 1 + _quiet(kinds[i], p, p_at[i], s, s_at[i])
                if kinds[i] == FIFO:
                    low[i], high[i] = min(low[i], s[s_at[i]]), max(high[i], s[s_at[i]])
            wake = min(wake, wakes[i])
        if still and wake == FOREVER:
            if grows < 0 or fifo.ready(p, p_at[grows], s, s_at[grows]):
                return STUCK
            p[p_at[grows]] += 1
            fresh[grows] = True
        elif still:
            cycle = min(wake, until)
        else:
            _count(valids, readys, beats, counts, first, last, ends, cycle)
            cycle += 1
    for i in range(n):
        _skip(kinds[i], p, p_at[i], s, s_at[i], cycle - ticked[i])
    return cycle


@kept
def relative(kinds: IntArray, p: IntArray, p_at: IntArray, s: IntArray, s_at: IntArray) -> IntArray:
    """All registers, with times as they are seen from now."""
    seen = s.copy()
    for i in range(len(kinds)):
        if kinds[i] == THRESHOLD:
            thresholding.relative(p, p_at[i], s, s_at[i], seen)
        elif kinds[i] == DECONV:
            deconv.relative(p, p_at[i], s, s_at[i], seen)
        elif kinds[i] == STREAMED:
            streamed.relative(p, p_at[i], s, s_at[i], seen)
    return seen


# ---- of any kind with one stream on each side, see stage.py ----
@compiled
def _valid(kind: int, p: IntArray, a: int, s: IntArray, b: int, upstream: bool) -> bool:
    if kind == FIFO:
        return fifo.valid(s, b)
    if kind == WIDTH:
        return width_convert.valid(p, a, s, b)
    if kind == THRESHOLD:
        return thresholding.valid(s, b)
    if kind == DECONV:
        return deconv.valid(s, b)
    if kind == STREAMED:
        return streamed.valid(s, b)
    if kind == BATCH:
        return batch_buffer.valid(s, b)
    if kind == PAD:
        return pixel_pad.valid(p, a, s, b, upstream)
    return upstream


@compiled
def _ready(kind: int, p: IntArray, a: int, s: IntArray, b: int, downstream: bool) -> bool:
    if kind == FIFO:
        return fifo.ready(p, a, s, b)
    if kind == WIDTH:
        return width_convert.ready(p, a, s, b, downstream)
    if kind == THRESHOLD:
        return thresholding.ready(p, a, s, b)
    if kind == DECONV:
        return deconv.ready(p, a, s, b)
    if kind == STREAMED:
        return streamed.ready(p, a, s, b)
    if kind == BATCH:
        return batch_buffer.ready(s, b)
    if kind == PAD:
        return pixel_pad.ready(p, a, s, b, downstream)
    return downstream


@compiled
def _tick(kind: int, p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    if kind == FIFO:
        s[b], s[b + 1] = fifo.tick(s[b], s[b + 1], push, pop)
    elif kind == WIDTH:
        width_convert.tick(p, a, s, b, push, pop)
    elif kind == THRESHOLD:
        thresholding.tick(p, a, s, b, push, pop)
    elif kind == DECONV:
        deconv.tick(p, a, s, b, push, pop)
    elif kind == STREAMED:
        streamed.tick(p, a, s, b, push, pop)
    elif kind == BATCH:
        batch_buffer.tick(p, a, s, b, push, pop)
    elif kind == PAD:
        pixel_pad.tick(p, a, s, b, pop)


@compiled
def _quiet(kind: int, p: IntArray, a: int, s: IntArray, b: int) -> int:
    if kind == FIFO:
        return fifo.quiet(s, b)
    if kind == THRESHOLD:
        return thresholding.quiet(s, b)
    if kind == DECONV:
        return deconv.quiet(p, a, s, b)
    if kind == STREAMED:
        return streamed.quiet(p, a, s, b)
    if kind == BATCH:
        return batch_buffer.quiet(s, b)
    return FOREVER


@compiled
def _skip(kind: int, p: IntArray, a: int, s: IntArray, b: int, cycles: int) -> None:
    if kind == THRESHOLD:
        thresholding.skip(s, b, cycles)
    elif kind == DECONV:
        deconv.skip(p, a, s, b, cycles)
    elif kind == STREAMED:
        streamed.skip(p, a, s, b, cycles)


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
