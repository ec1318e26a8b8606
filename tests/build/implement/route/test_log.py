# SPDX-License-Identifier: Apache-2.0
"""What nextpnr-xilinx prints is understood: lines of real runs (e22bcf6)."""

from __future__ import annotations

import openxc7_stand_in
import pytest

from fpgan.build.implement.route import log
from fpgan.hw.system.tools import ToolError

PLACING = """Info: Packing constants..
Info: Device utilisation:
Info: \t          SLICE_LUTX: 50063/106400    47%
Info: \t           SLICE_FFX: 10965/106400    10%
Info: \t               HARD0:     0/ 1584     0%
Info: \t                 PS7:     1/    1   100%

Info: Creating initial analytic placement for 14904 cells, random placement wirelen = 3620185.
Info: Running main analytical placer.
Info:     at iteration #12, type ALL: wirelen solved = 168624, spread = 323796, legal = 333646; time = 1.77s
"""
PREPARING = f"{PLACING}Info: Running router2...\nInfo: Setting up routing resources...\n"
ROUTING = f"""{PREPARING}Info: Running main router loop...
Info:     iter=1 wires=171901 overused=5855 overuse=6134 archfail=NA
Info:     iter=2 wires=176118 overused=80 overuse=80 archfail=NA
"""
TOO_MANY = "the design has 50,063 half-LUTs (SLICE_LUTX, two to a LUT6), the part 106,400"
WRITING = f"{ROUTING}Info: Router2 time 29.80s\nInfo: Router1 time 0.48s\n"


def test_slowest_clock_of_the_last_report():
    text = "".join(
        f"Info: Max frequency for clock '{clock}': {mhz} MHz (PASS at 50.00 MHz)\n"
        for clock, mhz in (("a", 90.0), ("b", 300.0), ("a", 110.5), ("b", 250.0))
    )
    assert log.routed_mhz(text) == 110.5
    with pytest.raises(ToolError, match="no frequency"):
        log.routed_mhz("Info: nothing")


def test_cells_used():
    assert log.utilization(PLACING) == {
        "SLICE_LUTX": (50063, 106400), "SLICE_FFX": (10965, 106400), "PS7": (1, 1),
    }  # fmt: skip
    assert log.utilization("Info: nothing") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Info: Packing constants..\n", "packing"),
        (PLACING, "placing, iteration 12, 47% of the half-LUTs"),
        (PREPARING, "preparing to route, 47% of the half-LUTs"),
        (ROUTING, "routing, iteration 2, 80 wires wanted twice, 47% of the half-LUTs"),
        (WRITING, "writing, 47% of the half-LUTs"),
    ],
)
def test_how_far_a_run_is(text, said):
    assert log.progress(text) == said


def test_the_slowest_path_is_in_names_of_the_sources():
    """Of the last report, without what the router and autoname append to names."""
    early = openxc7_stand_in.PATH.replace("accelerator", "early") + "Info: Max frequency\n"
    path = log.slowest_path(
        early + openxc7_stand_in.PATH + "Info: Max frequency for clock\nInfo: 9.9 Setup x.D"
    )
    assert path == log.Path(
        2.2, 1.8, 2, ("host.accelerator.fifo.level_q[2]", "host.accelerator.fifo.full"),
        "host.accelerator.deconv.sum_q",
    )  # fmt: skip
    assert log.slowest_path(ROUTING) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "ERROR: Failed to expand region (0, 0) |_> (113, 155) of 50063 SLICE_LUTXs",
            f"50,063 cells find no place; {TOO_MANY}",
        ),
        (
            "ERROR: Unable to place cell 'x', no Bels remaining of type 'PS7'",
            "the design has 1 cells of type PS7, the part 1",
        ),
        (
            "ERROR: Unable to find legal placement for all cells, design is probably at utilisation limit.",
            f"cells find no place; {TOO_MANY}",
        ),
        ("ERROR: Failed to route arc 3 of net 'x'", ""),
    ],
)
def test_what_does_not_fit_is_said_in_numbers(line, why):
    assert log.no_room(f"{PLACING}{line}\n") == why


@pytest.mark.parametrize(
    ("text", "why", "every"),
    [
        ("Info: Packing LUTs..\nERROR: MUXF9 is not supported!\n", "MUXF9 is not supported!", True),
        (
            f"{WRITING}terminate called after throwing an instance of 'std::out_of_range'\n  what():  stoi\n",
            "terminate called after throwing an instance of 'std::out_of_range'; stoi",
            True,
        ),
        (f"{ROUTING}ERROR: Failed to route arc 3\n", "Failed to route arc 3", False),
        (f"{PLACING}ERROR: Unable to find legal placement for cell 'x'\n",
         "Unable to find legal placement for cell 'x'", False),
        ("Info: Packing LUTs..\n", "", False),
    ],
)  # fmt: skip
def test_which_errors_every_seed_meets(text, why, every):
    """Those of packing and writing; not a run that was killed there without a word."""
    assert (log.reason(text), log.of_every_seed(text)) == (why, every)
