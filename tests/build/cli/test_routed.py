# SPDX-License-Identifier: Apache-2.0
"""What synth --pnr and bitstream say of a routed design."""

from __future__ import annotations

from fpgan.build.cli.bitstream import _lines
from fpgan.build.cli.routed import routed_lines, slower_lines

FACTS = {
    "missing": None, "bitstream": "fpgan.bit", "board": "pynq-z2", "clock_mhz": 91.7, "asked_mhz": 125.0,
    "frames_per_second": 9170.0, "timing": {"routed_mhz": 91.7, "how": "routed"},
}  # fmt: skip


def test_a_lower_clock_is_said_with_its_rate_and_what_gives_the_one_asked_for():
    first, second, third = _lines(FACTS, "deploy")
    assert first == "deploy: fpgan.bit for pynq-z2, 91.7 MHz routed, 125 MHz asked for (routed)"
    assert second.startswith("it runs at 91.7 MHz and makes 9,170 images/s; copy the folder")
    assert third.startswith("slower than the 125 MHz that the build is for; --target-fps 12500 folds again")


def test_a_rate_that_was_folded_for_is_not_advised_again():
    assert len(_lines(FACTS, "deploy", made=True)) == 2


def test_a_clock_that_is_met_needs_no_more_words():
    assert (
        len(_lines(FACTS | {"clock_mhz": 125.0, "timing": {"routed_mhz": 130.0, "how": "x"}}, "deploy")) == 2
    )
    board = FACTS | {"clock_mhz": 125.0, "timing": {"routed_mhz": 130.0, "board_mhz": 120.0, "how": "x"}}
    assert _lines(board, "deploy")[2] == "the board's clock is 120 MHz: the nearest that its dividers give"


def test_every_seed_and_the_slowest_path():
    routed = {
        "lut_sites": {"used": 1200, "needed": 1300, "available": 53200},
        "seeds": [{"seed": 1, "failed": "stuck"}, {"seed": 2, "mhz": 90.5}],
        "path": {"ns": 10.9, "wire_ns": 7.0, "levels": 3, "nets": ["a_q[1]", "b"], "end": "c_q[2]"},
    }
    assert routed_lines({"routed": routed}) == [
        "LUT6 sites: 1,200 of 53,200 (2%); seeds 1: stuck, 2: 90.5 MHz",
        "slowest path: 10.9 ns, 7 of them wires, 3 levels, a_q[1] -> c_q[2]",
    ]
    assert routed_lines({}) == []


def test_a_clock_below_the_one_asked_for_is_said():
    assert slower_lines({"estimated_ns": 6.022}, 300) == [
        "slower than the 300 MHz that the build is for; fpgan build --clock-mhz 166 folds for it"
    ]
    assert slower_lines({"estimated_ns": 6.022, "routed_mhz": 310.0}, 300) == []
    assert slower_lines({"estimated_ns": 3.2}, 300) == []
