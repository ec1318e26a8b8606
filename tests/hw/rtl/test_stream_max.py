# SPDX-License-Identifier: Apache-2.0
"""stream_max.sv: numpy's largest of windows, for signs, one word and several, wide and narrow words."""

from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams
from fpgan.sim.golden import window_max
from fpgan.sim.packing import pack

SHAPES = [("UINT4", 1, 4), ("INT3", 3, 9), ("INT8", 2, 1), ("UINT7", 5, 2)]  # type, elements per word, words


def case(name: str, pe: int, words: int) -> StreamCase:
    kind, rng = DataType[name], np.random.default_rng(words)
    x = rng.integers(int(kind.min()), int(kind.max()) + 1, (3, 4, 2, words * pe))
    x[0, 0] = kind.min()
    bits = kind.bitwidth()
    parameters = {"PE": pe, "BITS": bits, "SIGNED": int(kind.signed()), "WORDS": words}
    taken, made = pack(x, pe, bits), pack(window_max(x, words), pe, bits)
    return StreamCase(parameters, taken, made, cycles=len(taken))


@pytest.mark.verilator
def test_stream_max(tmp_path):
    cases = [case(*shape) for shape in SHAPES]
    check_streams("stream_max", [rtl_file("stream_max.sv")], cases, tmp_path, seeds=SEEDS, reset=SHORTEST)
