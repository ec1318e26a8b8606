# SPDX-License-Identifier: Apache-2.0
"""fifo.sv: the words that go in come out, at full rate, for shallow and deep, narrow and wide."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams
from fpgan.sim.packing import pack

# width in bits, depth in words
SHAPES = [(8, 2), (8, 3), (24, 5), (128, 16), (8, 33), (1024, 2), (16, 200)]


def case(width: int, depth: int, beats: int = 300) -> StreamCase:
    words = pack(np.random.default_rng(depth).integers(0, 256, beats * width // 8), width // 8, 8)
    return StreamCase({"WIDTH": width, "DEPTH": depth}, words, words, cycles=beats)


@pytest.mark.verilator
def test_fifo(tmp_path):
    check_streams(
        "fifo",
        [rtl_file("fifo.sv")],
        [case(*shape) for shape in SHAPES],
        tmp_path,
        seeds=SEEDS,
        reset=SHORTEST,
    )
