# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/stream_fork.sv, _add, _concat, _lookup: streams `ins` come, `outs` leave.

Their registers change only in cycles in which a word comes or leaves, so they are always quiet.
"""

from __future__ import annotations

from typing import Any

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import ADD, CONCAT, FORK, BoolArray, IntArray, Stage


def fork(op: Any) -> Stage:
    """Of a Fork_rtl node. Registers: whether each output has taken the word that waits."""
    return Stage.of(FORK, [0], [0] * op.out_streams())


def add(op: Any) -> Stage:
    """Of an Add_rtl node. Register: whether the output register holds a word."""
    return Stage.of(ADD, [0], [0])


def concat(op: Any) -> Stage:
    """Of a Concat_rtl node. Registers: as of an addition; the input whose turn it is, its words so far."""
    return Stage.of(CONCAT, [op.in_streams(), *op.words()], [0, 0, 0])


def lookup(op: Any) -> Stage:
    """Of a Lookup_rtl node: its words come and go as those of a concatenation of one stream."""
    return Stage.of(CONCAT, [1, op.get_folded_input_shape()[-2]], [0, 0, 0])


@compiled
def valid(kind: int, s: IntArray, b: int, ins: IntArray, outs: IntArray, valids: BoolArray) -> None:
    """Which of its outputs offer a word, into `valids`."""
    if kind != FORK:
        valids[outs[0]] = s[b] == 1
        return
    for k in range(len(outs)):
        valids[outs[k]] = valids[ins[0]] and s[b + k] == 0


@compiled
def ready(
    kind: int, s: IntArray, b: int, ins: IntArray, outs: IntArray, valids: BoolArray, readys: BoolArray
) -> None:
    """Which of its inputs take a word, into `readys`."""
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
def moved(streams: IntArray, valids: BoolArray, readys: BoolArray) -> bool:
    """Whether a word passes on any of them."""
    for stream in streams:  # noqa: SIM110  compiled code has no any()
        if valids[stream] and readys[stream]:
            return True
    return False


@compiled
def tick(
    kind: int, p: IntArray, a: int, s: IntArray, b: int, outs: IntArray, valids: BoolArray,
    readys: BoolArray, push: bool, pop: bool,
) -> None:  # fmt: skip
    """A clock edge: whether a word came, and whether one left."""
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
