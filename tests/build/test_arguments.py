# SPDX-License-Identifier: Apache-2.0
"""What a build is asked for: refused in one line before it begins, whatever Python hands over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpgan.build.arguments import Arguments, checked
from fpgan.build.folding.limits import Budget
from fpgan.hw.boards import get_board

GOOD: dict[str, Any] = {
    "board": "ultra96", "clock_mhz": None, "target_fps": None, "max_utilization": 0.5, "budget": None,
    "cores": ("lut", "dsp"), "deconv": "subpixel", "like": None, "backend": "rtl",
}  # fmt: skip


def asked(folder: Path, **changed: Any) -> Arguments:
    (folder / "m.onnx").write_text("")
    return checked(**{"model": folder / "m.onnx", "out": folder / "b", **GOOD, **changed})


def test_the_board_says_what_is_left_out(tmp_path: Path) -> None:
    found = asked(tmp_path, board="Pynq-Z2", budget={"BRAM18": 7}, target_fps=1000)
    assert (found.board.name, found.clock_mhz, found.target_cycles) == ("pynq-z2", 100.0, 100_000)
    assert found.limits == Budget(lut=26_600, dsp=110, bram18=7)
    assert asked(tmp_path, clock_mhz=100).target_cycles is None


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"target_fps": "fast"}, "target_fps='fast' must be between 0.001 and 1,000,000,000"),
        ({"target_fps": True}, "target_fps=True must be between"),
        ({"target_fps": float("nan")}, "target_fps=nan must be between"),
        ({"clock_mhz": 0}, "clock_mhz=0 must be between 1 and 1,000"),
        ({"max_utilization": 1.5}, "max_utilization=1.5 must be between 0.01 and 1"),
        ({"budget": {"LUT": 10**21}}, "budget LUT=1000000000000000000000 must be between 0 and 10,000,000"),
        ({"budget": {"LUT": -4}}, "budget LUT=-4 must be between 0 and 10,000,000"),
        ({"budget": {"FF": 4}}, "budget FF=4: FF is not one of LUT, DSP, BRAM18"),
        ({"deconv": "magic"}, "deconv=magic; known are subpixel and zero_insert"),
        (
            {"deconv": "finn"},
            "deconv=finn; known are subpixel and zero_insert; FINN's own lowering is for FINN's builder: ",
        ),
        ({"backend": "vhdl"}, "backend=vhdl; choose rtl or hls"),
        ({"cores": ()}, "cores=: choose from lut,dsp,dsp2x,cascade"),
        ({"like": "gone"}, "gone: no build here (report.json is missing)"),
        ({"model": "gone.onnx"}, "gone.onnx: no such file"),
    ],
)
def test_one_line_for_what_cannot_be(changed: dict[str, Any], line: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}"):
        asked(tmp_path, **changed)


@given(st.floats(1, 1000), st.integers(1, 10**10))
def test_the_rate_that_is_said_can_be_had(clock: float, best: int) -> None:
    wanted = Arguments(get_board("ultra96"), clock, 1e9, 1.0, Budget(1, 1, 1))
    line = wanted.out_of_reach(best, "within it", "why")
    said = re.search(r"is ([\d,.e-]+) images/s", line)
    assert line.startswith("target of 1,000,000,000 images/s (") and said is not None
    rate = float(said[1].replace(",", ""))
    assert rate == 0 or int(clock * 1e6 / rate) >= best
