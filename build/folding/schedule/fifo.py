# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/fifo.sv: a memory of `depth` words and an output register."""

from __future__ import annotations

from typing import Any

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import FIFO, FOREVER, IntArray, Stage

SMALLEST = 2  # words that the module holds at least


def stage(op: Any) -> Stage:
    """Of a Fifo_rtl node."""
    return of_depth(op.get_nodeattr("depth"))


def of_depth(depth: int) -> Stage:
    """Registers: words in the memory, whether the output register holds one."""
    return Stage.of(FIFO, [depth], [0, 0])


@compiled
def valid(s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return s[b + 1] == 1


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether it takes a word."""
    return s[b] != p[a]


@compiled
def tick(count: int, out: int, push: int, pop: int) -> tuple[int, int]:
    """Both registers a cycle later."""
    load = 1 if count != 0 and (out == 0 or pop == 1) else 0
    return count + push - load, 1 if load == 1 or (out == 1 and pop == 0) else 0


@compiled
def quiet(s: IntArray, b: int) -> int:
    """Cycles for which it offers and takes the same if no word comes or leaves."""
    return 0 if s[b] != 0 and s[b + 1] == 0 else FOREVER
