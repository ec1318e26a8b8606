# SPDX-License-Identifier: Apache-2.0
"""The estimated clock: its fit to routed designs, and what it is of a whole design."""

from __future__ import annotations

import statistics
from dataclasses import asdict, replace

import pytest

from fpgan.build.implement.synth import calibrate
from fpgan.build.implement.synth.clock import estimate_clock
from fpgan.build.implement.synth.host import host_timing
from fpgan.build.implement.synth.paths import TimedPath, Weights
from fpgan.build.implement.synth.public import public_designs
from fpgan.build.implement.synth.said import how_far_off
from fpgan.build.implement.synth.wires import WIRES, Wires, longest
from fpgan.hw.boards import Board, boards


def test_the_constants_are_the_fit_to_the_table() -> None:
    """A row that was added, or a constant that was changed, without the other."""
    assert calibrate.fit(calibrate.routed_designs()) == WIRES["xc7"]


def test_estimates_are_near_what_was_routed() -> None:
    designs, wires = calibrate.routed_designs(), WIRES["xc7"]
    errors = [abs(design.error(wires)) for design in designs]
    assert len(designs) >= 12 and statistics.median(errors) <= 0.15
    for design in designs:
        assert design.estimate(wires) <= 1.1 * max(design.mhz), design.name
    foretold = [design for design in designs if not design.fitted]
    assert foretold and all(abs(design.error(wires)) <= 0.2 for design in foretold)
    unseen = [abs(error) for error in calibrate.unseen(designs)]
    assert statistics.median(unseen) <= 0.15 and max(unseen) <= 0.25


def test_estimates_are_near_what_others_routed_on_ultrascale() -> None:
    """In a chip with room; the slowest two fill 7 and 8 % of it, the others are of 6 to 856 LUTs."""
    designs = public_designs()
    errors = [abs(design.error) for design in designs]
    assert len(designs) >= 20 and statistics.median(errors) <= 0.15 and max(errors) <= 0.45
    assert all(abs(design.error) <= 0.1 for design in designs if design.luts > 5000)


def test_the_fit_finds_the_wires_that_designs_were_made_with() -> None:
    """Clocks computed by known constants, on as many paths and sizes as the table has."""
    wires = Wires(Weights(0.3, 0.1), by_size=0.5)
    made = [
        replace(design, mhz=(round(design.estimate(wires), 3),), luts=design.luts * (1 + i))
        for i, design in enumerate(calibrate.routed_designs())
    ]
    made = [replace(design, mhz=(design.estimate(wires),)) for design in made]
    found = calibrate.fit(made)
    assert (found.weights, found.by_size) == (wires.weights, wires.by_size)


def layer(name: str, luts: int, *paths: TimedPath) -> dict[str, object]:
    return {"name": name, "LUT": luts, "timing": {"paths": [asdict(path) for path in paths]}}


@pytest.mark.parametrize("family", ["xc7", "xcup"])
def test_a_fuller_chip_is_slower(family: str) -> None:
    path = TimedPath(1.0, 9, 30.0, 8, "a", "b")
    small = estimate_clock([layer("one", 2_000, path)], family, 50_000)
    large = estimate_clock([layer("one", 2_000, path), layer("two", 30_000)], family, 50_000)
    assert small["layer"] == large["layer"] == "one" and small["path"] == "a -> b" and small["levels"] == 8
    assert large["estimated_ns"] > 1.2 * small["estimated_ns"]
    assert large["near_empty_ns"] == small["near_empty_ns"] <= small["estimated_ns"]
    assert ("median_error" in large) == (family == "xc7")
    assert ("off by" in how_far_off(large)) == (family == "xc7")


@pytest.mark.parametrize("family", ["xc7", "xcup"])
def test_the_host_interface_is_part_of_the_estimate(family: str) -> None:
    """Layers whose paths are short: the slowest is around them."""
    timed = estimate_clock([layer("one", 2_000, TimedPath(0.5, 1, 0.0))], family, 50_000)
    host, wires = host_timing(family), WIRES[family]
    here = wires.at(2_000 + host.luts, (2_000 + host.luts) / 50_000)
    assert timed["layer"] == "board"
    assert timed["estimated_ns"] == pytest.approx(longest(host.paths, here)[0], abs=0.001)


@pytest.mark.parametrize("board", [board for board in boards().values() if board.name != "zc706"])
def test_boards_start_from_what_is_met_half_full(board: Board) -> None:
    """The largest multiple of 25 MHz that the host interface meets there."""
    layers = [layer("one", board.LUT // 2 - host_timing(board.family).luts)]
    met = 1000 / estimate_clock(layers, board.family, board.LUT)["estimated_ns"]
    assert board.default_clock_mhz == met // 25 * 25
