# SPDX-License-Identifier: Apache-2.0
"""stream_requantize.sv: numpy's levels of lines, with and without marks, by both multipliers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from finn.util.settings import get_settings
from requantize_cases import CASES, line_of, requantize_case

from fpgan.build.dataflow.ops import register
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, check_streams
from fpgan.sim.golden import requantize


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lines_equal_their_thresholds(case):
    channels, _, *rest = case
    line, acc, expected = line_of(channels, *rest)
    made = requantize(acc, line.multiplier, line.offset, line.shift, line.marks, line.low)
    assert np.array_equal(made, expected) and line.mark_bits == rest[-1]
    if line.mark_bits:
        off = requantize(acc, line.multiplier, line.offset, line.shift, 0 * line.marks, line.low)
        assert (off != expected).any()


@pytest.mark.verilator
def test_stream_requantize(tmp_path):
    """At full rate, with stalls, and after a reset in mid-stream."""
    register()
    unsigned = {"lut": CASES[4], "dsp": CASES[5]}
    cases = [
        requantize_case(case, core, tmp_path, signed=case != unsigned[core])
        for core, some in (("lut", CASES), ("dsp", (*CASES[:2], *CASES[4:])))
        for case in some
    ]
    finn = Path(get_settings().finn_rtllib)
    names = dict.fromkeys([*sources("stream_requantize_lut", finn), *sources("stream_requantize_dsp", finn)])
    (tmp_path / "rtl").mkdir()
    copied = copy_finn_sources(
        sorted(names, key=lambda path: path.name == "stream_requantize.sv"), tmp_path / "rtl"
    )
    check_streams(
        "stream_requantize",
        [tmp_path / "rtl" / name for name in copied],
        cases,
        tmp_path / "bench",
        seeds=SEEDS,
        warnings=False,
        reset=SHORTEST,
    )
