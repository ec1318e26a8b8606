# SPDX-License-Identifier: Apache-2.0
"""pixel_pad.sv: numpy's zero insertion, for rectangles, unequal strides and rows of zeros at the end."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams
from fpgan.sim.golden import zero_insert
from fpgan.sim.packing import pack

# rows, columns, words per pixel, elements per word, strides, rows and columns of zeros at the end
SHAPES = [
    (4, 4, 1, 2, (2, 2), (0, 0)),
    (4, 3, 3, 2, (2, 2), (1, 1)),
    (1, 1, 4, 1, (1, 1), (0, 0)),
    (3, 5, 2, 3, (2, 3), (1, 2)),
    (2, 6, 1, 4, (3, 1), (2, 0)),
    (5, 1, 2, 1, (1, 2), (0, 1)),
    (3, 3, 1, 2, (2, 2), (2, 3)),
    (2, 2, 2, 1, (1, 1), (2, 1)),
]


def case(rows, columns, words, elements, stride, extra, bits=5, images=3) -> StreamCase:
    x = np.random.default_rng(rows).integers(0, 1 << bits, (images, rows, columns, words * elements))
    size = ((rows - 1) * stride[0] + 1 + extra[0], (columns - 1) * stride[1] + 1 + extra[1])
    y = zero_insert(x, stride, size)
    parameters = {
        "H": rows, "W": columns, "CF": words, "WIDTH": elements * bits, "SH": stride[0], "SW": stride[1],
        "OPH": extra[0], "OPW": extra[1],
    }  # fmt: skip
    out = pack(y, elements, bits)
    return StreamCase(parameters, pack(x, elements, bits), out, cycles=len(out))


@pytest.mark.verilator
def test_pixel_pad(tmp_path):
    cases = [case(*shape) for shape in SHAPES]
    check_streams("pixel_pad", [rtl_file("pixel_pad.sv")], cases, tmp_path, seeds=SEEDS, reset=SHORTEST)
