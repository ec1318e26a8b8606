# SPDX-License-Identifier: Apache-2.0
"""Runs over seeds: all are kept, those that are stuck end, what any would meet is not tried again."""

from __future__ import annotations

import json
import os
import signal
import time

import openxc7_stand_in
import psutil
import pytest
from commands import left

from fpgan.build.implement.route import seeds
from fpgan.build.implement.route.nextpnr import find_router
from fpgan.build.implement.route.seeds import NoRoomError, Run, UnsupportedError, route_over_seeds
from fpgan.hw.system.tools import ToolError


@pytest.fixture
def route(tmp_path, monkeypatch):
    """route(outcomes, seeds, at_once=3, **more): the stand-in on a netlist of nothing."""
    cells = {kind: {"type": kind, "connections": {}, "port_directions": {}} for kind in ("PS7", "BUFG")}
    netlist = tmp_path / "netlist.json"
    netlist.write_text(json.dumps({"modules": {"zynq7_top": {"cells": cells}}}))
    monkeypatch.setattr(seeds, "PATIENCE", 1.0)

    def run(outcomes, number, at_once=3, assembled=True, said=None, **more):
        for name, value in openxc7_stand_in.install(tmp_path, outcomes).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(seeds, "_at_once", lambda count: min(count, at_once))
        job = Run(find_router(openxc7_stand_in.PART), netlist, tmp_path, 100.0, "it", assembled)
        say = (lambda _: None) if said is None else said.append
        return route_over_seeds(job, number, say, **more)

    return run


def test_all_seeds_are_kept_and_the_fastest_taken(route, tmp_path):
    routed = route({"1": 91.0, "2": 120.5, "3": "fail"}, 3)
    assert [(one.seed, one.mhz) for one in routed.tried] == [(1, 91.0), (2, 120.5), (3, 0.0)]
    assert "Failed to route arc" in routed.tried[2].failed and routed.tried[2].seconds < 20
    assert routed.mhz == 120.5 and routed.sites == 3 and routed.path.levels == 2
    assert {path.name for path in tmp_path.glob("*.fasm")} == {"seed2.fasm"}
    route({}, 2, assembled=False)
    assert not list(tmp_path.glob("*.fasm"))


def test_seeds_run_side_by_side_and_end_once_one_meets_the_clock(route):
    """Two that would take a minute are ended; alone, the first would be waited for."""
    start = time.monotonic()
    routed = route({"1": "slow", "2": "slow", "3": 130.0}, 3, until=100.0)
    assert routed.best.seed == 3 and time.monotonic() - start < 20


def test_a_run_that_is_stuck_before_routing_is_ended_and_the_next_goes_on(route):
    said = []
    routed = route({"1": "hang", "2": 101.0}, 2, at_once=1, said=said)
    assert routed.best.seed == 2
    assert said[0].startswith("seed 1 ") and "seed 1 preparing to route" in said
    assert said[-1] == "seed 1 failed; seed 2 101 MHz"
    assert "was stuck for 1 s, preparing to route" in routed.tried[0].failed
    assert routed.tried[0].seconds < 20


def test_an_interruption_ends_every_run(route):
    """As Ctrl-C does, which reaches the main thread alone."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            route({"1": "slow", "2": "slow"}, 2)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not left(psutil.Process().children(recursive=True))


@pytest.mark.parametrize(
    ("outcome", "error", "says"),
    [
        ("full", NoRoomError, "no room: the design has 0 half-LUTs"),
        ("spread", NoRoomError, "no room: 50,063 cells find no place; the design has 0 half-LUTs"),
        ("odd", UnsupportedError, "nextpnr-xilinx failed with 1 .*: MUXF9 is not supported on xc7!"),
        ("abort", UnsupportedError, "terminate called after throwing an instance"),
    ],
)
def test_what_every_seed_would_meet_is_tried_once(route, tmp_path, outcome, error, says):
    with pytest.raises(error, match=says) as caught:
        route({"1": outcome}, 3, at_once=1)
    assert "\n" not in str(caught.value) and caught.value.log == tmp_path / "seed1.log"
    assert not (tmp_path / "seed2.log").exists()


def test_no_seed(route):
    with pytest.raises(ToolError, match=r"no seed of 2 routes: .*Failed to route arc"):
        route(dict.fromkeys("12", "fail"), 2)


def test_as_many_at_a_time_as_cores_and_memory_allow(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    for free, expected in ((100e9, 3), (2.5e9, 2), (1e6, 1)):
        monkeypatch.setattr(seeds, "_free_memory", lambda free=free: free)
        assert seeds._at_once(3) == expected
    monkeypatch.undo()
    assert 0 < seeds._free_memory() < float("inf")
