# SPDX-License-Identifier: Apache-2.0
"""width_convert.sv: up, down and every ratio between, for any element width, without a bubble."""

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


def case(taken: int, given: int, bits: int) -> StreamCase:
    count = 60 * math.lcm(taken, given)
    values = np.random.default_rng(taken * 100 + given).integers(0, 1 << bits, count)
    # the narrower side moves a word per cycle; the wider one's last word is there when its last piece is
    cycles = count // min(taken, given)
    parameters = {"IN_ELEMS": taken, "OUT_ELEMS": given, "ELEM_BITS": bits}
    return StreamCase(parameters, pack(values, taken, bits), pack(values, given, bits), cycles)


@pytest.mark.verilator
def test_width_convert(tmp_path):
    cases = [case(*shape) for shape in SHAPES]
    check_streams(
        "width_convert", [rtl_file("width_convert.sv")], cases, tmp_path, seeds=SEEDS, reset=SHORTEST
    )
