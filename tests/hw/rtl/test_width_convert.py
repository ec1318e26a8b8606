# SPDX-License-Identifier: Apache-2.0
"""width_convert.sv: up, down, every ratio between, for any element width, without a bubble; channels.sv."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams
from fpgan.sim.packing import pack

# elements per input word, per output word, bits per element
SHAPES = [
    (1, 1, 8), (1, 4, 4), (4, 1, 4), (2, 6, 3), (6, 2, 5), (3, 2, 4), (2, 3, 4), (5, 7, 3), (7, 5, 1),
    (4, 6, 16), (16, 1, 4), (1, 16, 11),
]  # fmt: skip
CHANNELS = [(5, 3, 3), (3, 5, 3), (4, 2, 4), (1, 3, 7)]  # of pixels that come, that leave, bits of each


def case(taken: int, given: int, bits: int) -> StreamCase:
    count = 60 * math.lcm(taken, given)
    values = np.random.default_rng(taken * 100 + given).integers(0, 1 << bits, count)
    # the narrower side moves a word per cycle; the wider one's last word is there when its last piece is
    cycles = count // min(taken, given)
    parameters = {"IN_ELEMS": taken, "OUT_ELEMS": given, "ELEM_BITS": bits}
    return StreamCase(parameters, pack(values, taken, bits), pack(values, given, bits), cycles)


def channels_case(taken: int, given: int, bits: int) -> StreamCase:
    """Of each pixel the lowest channels; the others are dropped, or 0."""
    pixels = np.random.default_rng(taken).integers(0, 1 << bits, (60, taken))
    kept = np.zeros((60, given), np.int64)
    kept[:, : min(taken, given)] = pixels[:, :given]
    parameters = {"IN_WIDTH": taken * bits, "OUT_WIDTH": given * bits}
    return StreamCase(
        parameters, pack(pixels, taken, bits), pack(kept, given, bits), len(pixels), module="channels"
    )


@pytest.mark.verilator
def test_width_convert(tmp_path):
    cases = [case(*shape) for shape in SHAPES] + [channels_case(*shape) for shape in CHANNELS]
    sources = [rtl_file("width_convert.sv"), rtl_file("channels.sv")]
    check_streams("width_convert", sources, cases, tmp_path, seeds=SEEDS, reset=SHORTEST)
