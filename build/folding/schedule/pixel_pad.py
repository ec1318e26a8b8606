# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/pixel_pad.sv: a word is a pixel's that comes, or a zero in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import PAD, IntArray, Stage


def stage(op: Any) -> Stage:
    """Of a PixelPad_rtl node. Constants: words of an image, 1 for each that comes. Register: which one."""
    size, stride, out = (list(op.get_nodeattr(k)) for k in ("size", "stride", "out"))
    words = int(op.get_folded_input_shape()[-2])
    rows, cols = (
        (np.arange(out[d]) % stride[d] == 0) & (np.arange(out[d]) // stride[d] < size[d]) for d in range(2)
    )
    pattern = np.repeat(np.outer(rows, cols).reshape(-1), words)
    constants = np.array([len(pattern), *pattern], np.int64)
    return Stage(PAD, constants, np.zeros(1, np.int64), ((0, constants[1:, None]),))


@compiled
def valid(p: IntArray, a: int, s: IntArray, b: int, upstream: bool) -> bool:
    """Whether it offers a word."""
    return upstream or p[a + 1 + s[b]] == 0


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int, downstream: bool) -> bool:
    """Whether it takes a word."""
    return p[a + 1 + s[b]] == 1 and downstream


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
    if pop == 1:
        s[b] = (s[b] + 1) % p[a]
