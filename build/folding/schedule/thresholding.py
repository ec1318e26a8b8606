# SPDX-License-Identifier: Apache-2.0
"""FINN's thresholding: a pipeline that is admitted into only while its output queue has room."""

from __future__ import annotations

from typing import Any

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import FOREVER, THRESHOLD, IntArray, Stage


def stage(op: Any) -> Stage:
    """Of a Thresholding_rtl node.

    Registers: now, queued, out, words in the pipeline, the oldest one's place; when each leaves it.
    """
    stages = op.get_output_datatype().bitwidth()
    # thresholding.sv with DEEP_PIPELINE: two registers a stage, three words of slack behind them
    latency, room = 2 * stages + 1, 2 * stages + 3
    return Stage.of(THRESHOLD, [latency, room], [0, 0, 0, 0, 0] + [0] * room)


@compiled
def valid(s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return s[b + 2] == 1


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether it takes a word."""
    return s[b + 3] + s[b + 1] + s[b + 2] < p[a + 1]


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
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


@compiled
def relative(p: IntArray, a: int, s: IntArray, b: int, seen: IntArray) -> None:
    """When each word leaves the pipeline, seen from now, the oldest first; of none 0."""
    for k in range(p[a + 1]):
        seen[b + 5 + k] = s[b + 5 + (s[b + 4] + k) % p[a + 1]] - s[b] if k < s[b + 3] else 0
    seen[b] = seen[b + 4] = 0


@compiled
def quiet(s: IntArray, b: int) -> int:
    """Cycles for which it offers and takes the same if no word comes or leaves."""
    if s[b + 1] != 0 and s[b + 2] == 0:
        return 0
    return s[b + 5 + s[b + 4]] - s[b] if s[b + 3] > 0 else FOREVER


@compiled
def skip(s: IntArray, b: int, cycles: int) -> None:
    """So many quiet cycles at once."""
    s[b] += cycles
