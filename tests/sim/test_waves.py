# SPDX-License-Identifier: Apache-2.0
"""The waveform of a simulation: one image unless more are asked for, no larger than its limit, and found."""

from __future__ import annotations

import os

import pytest
from identity_build import IMAGES, TOP, make_build
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.writers.rtl import RESET_CYCLES
from fpgan.hw.system.tools import ToolError
from fpgan.sim import simulate as simulating
from fpgan.sim.compiled.waves import waves_format
from fpgan.sim.simulate import simulate

pytestmark = pytest.mark.verilator


@pytest.fixture
def build(tmp_path):
    return make_build(tmp_path / "build")


@pytest.fixture
def vcd(monkeypatch):
    monkeypatch.setattr(simulating, "waves_format", lambda folder: "vcd")


def test_one_image_and_where_it_is(build, vcd):
    """README's example wrote 5.1 GB, nobody knew where."""
    (build / "waves.fst").write_text("of an earlier run")
    outcome = CliRunner().invoke(app, ["sim", str(build), "--waves"])
    assert outcome.exit_code == 0, outcome.output
    result = simulate(build, waves=True)
    assert result["images"] == 1 and result["mismatches"] == 0
    size = (build / "waves.vcd").stat().st_size
    cycles = result["latency_cycles"] + RESET_CYCLES
    assert result["waves"] == {"file": "waves.vcd", "bytes": size, "cycles": cycles, "whole": True}
    assert f"{build}/waves.vcd: 0.0 MB, all {cycles} cycles" in outcome.stdout.replace("\n", " ")
    assert not (build / "waves.fst").exists()
    assert "waves" not in simulate(build, images=2)


def test_it_ends_at_its_limit_and_the_simulation_does_not(build, vcd, monkeypatch):
    monkeypatch.setattr(simulating, "LIMIT", 10_000)
    result = simulate(build, images=IMAGES, waves=True)
    assert result["mismatches"] == 0 and result["images"] == IMAGES
    assert not result["waves"]["whole"] and result["waves"]["cycles"] < 400
    assert 10_000 <= result["waves"]["bytes"] < 200_000


def test_a_hang_leaves_it(tmp_path, vcd):
    """That is when it is wanted."""
    stuck = TOP.replace(".m_axis_tvalid(m_axis_0_tvalid)", ".m_axis_tvalid()")
    build = make_build(tmp_path / "build", top=stuck)
    with pytest.raises(ToolError, match="the pipeline stopped"):
        simulate(build, waves=True)
    assert "$enddefinitions" in (build / "waves.vcd").read_text()


def test_fst_where_it_can_be_compiled(build, tmp_path):
    if waves_format(tmp_path) == "vcd":
        assert not os.environ.get("FPGAN_REQUIRE_TOOLS"), "CI has liblz4-dev and zlib1g-dev"
        pytest.skip("takes the headers of lz4 and zlib")
    result = simulate(build, images=2, waves=True)
    assert result["mismatches"] == 0 and result["waves"]["file"] == "waves.fst"
    assert (build / "waves.fst").read_bytes()[:1] == b"\0"  # a block of FST's header
    assert not (build / "waves.vcd").exists()


def test_vcd_where_there_is_no_lz4(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join([str(stand_in(tmp_path)), os.environ["PATH"]]))
    assert waves_format(tmp_path) == "vcd"


def stand_in(folder):
    """A g++ that finds no header."""
    program = folder / "bin" / "g++"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return program.parent
