# SPDX-License-Identifier: Apache-2.0
"""`fpgan bench --lanes`: what is counted, said and drawn of a lane of each compute core."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from fpgan.build.bench.lanes import CORES, Lane, draw, lanes, read, table


def made_up(widths: tuple[int, ...] = (2, 3)) -> list[Lane]:
    return [
        Lane(family, core, w, a, float(w * a), 2.5, 0.0 if core == "lut" else 0.25)
        for family, core, w, a in itertools.product(("xcup", "xc7"), CORES, widths, widths)
        if (core, w) != ("dsp", 2)
    ]


@pytest.mark.yosys
def test_counted(tmp_path: Path) -> None:
    """A slice holds eight channels of one bit; a core narrower than FINN's takes is left out."""
    told = list[str]()
    found = lanes(tmp_path, widths=(1,), cores=("cascade", "dsp"), progress=told.append)
    assert [(lane.family, lane.core, lane.weight_bits, lane.act_bits, lane.DSP) for lane in found] == [
        (family, "cascade", 1, 1, 0.125) for family in ("xcup", "xc7")
    ]
    assert all(0.5 < lane.LUT < 2 and 0.5 < lane.FF < 3 for lane in found)
    assert found == read(tmp_path / "lanes.csv") and (tmp_path / "lanes.png").stat().st_size > 10_000
    assert told == [
        f"{core}, {part}, W1A1" for part in ("UltraScale+", "7-series") for core in ("cascade", "dsp")
    ]


def test_a_line_for_each_width_and_a_dash_for_what_is_not_there() -> None:
    head, _, two, three = table(made_up()).splitlines()
    assert head.startswith(
        "| bits | mvu_lut, UltraScale+ | mvu_cascade, UltraScale+ | mvu, UltraScale+ | mvu_lut, 7-"
    )
    assert two == "| W2A2 | 4.0 | 4.0 (0.25) | - | 4.0 | 4.0 (0.25) | - |"
    assert three.startswith("| W3A3 | 9.0 | 9.0 (0.25) | 9.0 (0.25) |")


def test_drawn(tmp_path: Path) -> None:
    draw(made_up(), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
