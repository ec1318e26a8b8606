# SPDX-License-Identifier: Apache-2.0
"""pixel_select.sv: the op's pixels, in as many cycles as the token model says, for any rows and columns."""

from __future__ import annotations

import pytest
from select_cases import CASES, node_model, select_case

from fpgan.build.folding.schedule import timing as schedule
from fpgan.hw.geometry import Selection
from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import SHORTEST, check_streams


@pytest.mark.verilator
def test_rtl(tmp_path):
    cases = [select_case(name, tmp_path) for name in CASES]
    check_streams(
        "pixel_select", sources("pixel_select", tmp_path), cases, tmp_path / "bench", run_dir=tmp_path,
        reset=SHORTEST,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_images_follow_at_the_rate_of_the_busier_side(name):
    """Rows of the next image find room while this one's last are still read."""
    size, channels, pe, rows, cols = CASES[name]
    words = channels // pe * max(size[0] * size[1], len(rows) * len(cols))
    period = schedule.run(node_model(size, channels, pe, rows, cols), 6).period
    assert words <= period <= max(words + 8, 12)


def test_what_is_picked_lies_inside():
    with pytest.raises(ValueError, match=r"picked \(0, 3\); at least one of 0 to 2 is expected"):
        Selection(3, (0, 3))
