# SPDX-License-Identifier: Apache-2.0
"""synth --pnr: the netlist is real; nextpnr-xilinx is a stand-in that prints a real one's lines."""

from __future__ import annotations

import json
import os
import shutil

import openxc7_stand_in
import pytest
from own_files import check_own_build
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.implement.route import pnr
from fpgan.build.implement.route.netlist import NETLIST
from fpgan.build.implement.route.nextpnr import routed_mhz, utilization
from fpgan.build.implement.synthesize import synth
from fpgan.hw.host.emit import HostOptions
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.host_bench import identity_build

COPY = """
  assign m_axis_0_tlast = 1;
  assign s_axis_0_tready = !m_axis_0_tvalid || m_axis_0_tready;
  always_ff @(posedge ap_clk) begin
    if (s_axis_0_tready) m_axis_0_tdata <= s_axis_0_tdata;
    if (!ap_rst_n || s_axis_0_tready) m_axis_0_tvalid <= ap_rst_n && s_axis_0_tvalid;
  end"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """An identity accelerator of one layer for a pynq-z2."""
    folder = identity_build(tmp_path_factory.mktemp("identity") / "build", 4, 4, 16)
    ports = """(
    input logic ap_clk, ap_rst_n, input logic [31:0] s_axis_0_tdata, input logic s_axis_0_tvalid,
    output logic s_axis_0_tready, output logic [31:0] m_axis_0_tdata,
    output logic m_axis_0_tlast, m_axis_0_tvalid, input logic m_axis_0_tready);"""
    names = ("copy_0.sv", "fpgan_top.sv")
    for name, body in zip(names, (COPY, "copy_0 copy_0_i (.*);"), strict=True):
        (folder / "rtl" / name).write_text(f"module {name[:-3]} {ports}\n{body}\nendmodule\n")
    path = folder / "design.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {
        "board": "pynq-z2", "part": "xc7z020clg400-1", "family": "xc7", "clock_mhz": 100.0, "sources": names,
        "layers": [{"name": "copy_0", "op": "Copy_rtl", "module": "copy_0", "sources": names[:1]}],
    }))  # fmt: skip
    (folder / "report.json").write_text(json.dumps({"totals": {}, "cycles_per_image": 1000}))
    return folder


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(outcomes): the stand-ins on PATH, that do as they say for each seed."""

    def on_path(outcomes):
        for name, value in openxc7_stand_in.install(tmp_path, outcomes).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return on_path


@pytest.mark.yosys
def test_the_routed_clock_of_the_board_design(build, install, monkeypatch):
    small = HostOptions(window_words=16, generator=False)
    monkeypatch.setattr(pnr, "host_options", lambda design, board, bus: small)
    install({"1": "fail", "2": 99.5, "3": 91.0})
    result = synth(build, pnr=True)
    timing = json.loads((build / "synth.json").read_text())["timing"]
    assert timing == result["timing"] and timing["routed_mhz"] == 99.5 and timing["estimated_ns"] > 0
    assert timing["how"].startswith("the whole board design: nextpnr-xilinx")
    assert "seed 2; no sign-off" in timing["how"] and "missing" not in timing
    assert {path.name for path in (build / "pnr").glob("seed*")} == {f"seed{i}.log" for i in (1, 2, 3)}
    netlist = (build / "pnr" / "project" / NETLIST).read_text()
    monkeypatch.setattr(
        pnr, "write_netlist", lambda d, h, project, *_: (project / NETLIST).write_text(netlist)
    )
    check_own_build(build)
    install({"1": 101.0})
    assert synth(build, pnr=True)["timing"]["routed_mhz"] == 101.0
    assert not (build / "pnr" / "seed2.log").exists()
    install(dict.fromkeys("123", "fail"))
    with pytest.raises(ToolError, match=r"no seed of \(1, 2, 3\) routes: .*Failed to route arc"):
        synth(build, pnr=True)


def test_slowest_clock_of_the_last_report():
    text = "".join(
        f"Info: Max frequency for clock '{clock}': {mhz} MHz (PASS at 50.00 MHz)\n"
        for clock, mhz in (("a", 90.0), ("b", 300.0), ("a", 110.5), ("b", 250.0))
    )
    assert routed_mhz(text) == 110.5
    with pytest.raises(ToolError, match="no frequency"):
        routed_mhz("Info: nothing")


def test_cells_used_in_lines_of_a_real_log():
    """nextpnr-xilinx e22bcf6 on the preset `tiny` for xc7z010clg400-1."""
    text = """Info: Device utilisation:
Info: \t          SLICE_LUTX:  6158/35200    17%
Info: \t           SLICE_FFX:  4580/35200    13%
Info: \t              CARRY4:   432/ 4400     9%
Info: \t               HARD0:     0/  792     0%
Info: \t            RAMB18E1:     3/  120     2%
Info: \t                 PS7:     1/    1   100%

Info: Placed 1 cells based on constraints.
"""
    assert utilization(text) == {
        "SLICE_LUTX": (6158, 35200), "SLICE_FFX": (4580, 35200), "CARRY4": (432, 4400), "RAMB18E1": (3, 120),
        "PS7": (1, 1),
    }  # fmt: skip
    assert utilization("Info: nothing") == {}


@pytest.mark.yosys
def test_what_is_missing_is_one_line_beside_the_count(build, install, tmp_path, monkeypatch):
    install({})
    (tmp_path / "xc7z020clg400.bin").unlink()
    missing = f"no routed clock: CHIPDB={tmp_path} has no xc7z020clg400-1.bin"
    assert synth(build, pnr=True)["timing"]["missing"] == missing
    monkeypatch.delenv("CHIPDB")
    said = CliRunner().invoke(app, ["synth", str(build), "--pnr"], env={"COLUMNS": "300"})
    assert said.exit_code == 0 and "no routed clock: CHIPDB is not set" in said.output.splitlines()[-1]
    (tmp_path / "nextpnr-xilinx").unlink()
    timing = synth(build, pnr=True)["timing"]
    assert "nextpnr-xilinx not found on PATH" in timing["missing"] and "routed_mhz" not in timing
    assert json.loads((build / "synth.json").read_text())["totals"]["FF"] > 0


def test_what_is_not_routed_is_refused_at_once(build, tmp_path):
    design = json.loads((build / "design.json").read_text())
    for altered, arguments, message in (
        ({"board": "ultra96", "part": "xczu3eg-sbva484-1-e", "family": "xcup"}, {}, "no data of xczu3eg"),
        ({"pumped": True}, {}, "double-pumped cores need a second clock"),
        ({}, {"tool": "vivado"}, "--pnr goes with --tool yosys; vivado routes by itself"),
    ):
        other = shutil.copytree(build, tmp_path / "build", dirs_exist_ok=True)
        (other / "design.json").write_text(json.dumps(design | altered))
        with pytest.raises(ValueError, match=message):
            synth(other, pnr=True, **arguments)
