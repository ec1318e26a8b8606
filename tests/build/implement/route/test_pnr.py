# SPDX-License-Identifier: Apache-2.0
"""synth --pnr: the netlist is real; nextpnr-xilinx is a stand-in that prints a real one's lines."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter

import openxc7_stand_in
import pytest
from own_files import check_own_build
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.implement.route import pnr
from fpgan.build.implement.route.netlist import NEAR, NETLIST, TOP
from fpgan.build.implement.route.nextpnr import SETTINGS
from fpgan.build.implement.synth.fanout import REGISTERS
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
    written = json.loads((build / "synth.json").read_text())
    timing, routed = written["timing"], written["routed"]
    assert timing == result["timing"] and timing["routed_mhz"] == 99.5 and timing["estimated_ns"] > 0
    assert timing["how"].startswith("the whole board design: nextpnr-xilinx")
    assert "seed 2; no sign-off" in timing["how"] and "missing" not in timing
    assert {path.name for path in (build / "pnr").glob("seed*")} == {f"seed{i}.log" for i in (1, 2, 3)}
    assert [one.get("mhz") for one in routed["seeds"]] == [None, 99.5, 91.0] and routed["seed"] == 2
    assert routed["lut_sites"]["used"] == 3 and routed["lut_sites"]["available"] == 53200
    assert routed["lut_sites"]["needed"] > result["totals"]["LUT"]
    assert routed["path"]["end"] == "host.accelerator.deconv.sum_q"
    netlist = (build / "pnr" / "project" / NETLIST).read_text()
    module = json.loads(netlist)["modules"][TOP]
    assert module["settings"] == SETTINGS and NEAR // 2 < loads_of_registers(module) <= NEAR
    monkeypatch.setattr(
        pnr, "write_netlist", lambda d, h, project, *_: (project / NETLIST).write_text(netlist)
    )
    check_own_build(build)
    install({"1": 101.0})
    said = CliRunner().invoke(app, ["synth", str(build), "--pnr", "--seeds", "1"], env={"COLUMNS": "300"})
    lines = said.output.splitlines()
    assert lines[-2:] == [
        "LUT6 sites: 3 of 53,200 (0%); seeds 1: 101 MHz",
        "slowest path: 2.2 ns, 1.8 of them wires, 2 levels, host.accelerator.fifo.level_q[2] -> "
        "host.accelerator.deconv.sum_q",
    ]
    assert not (build / "pnr" / "seed2.log").exists()
    install(dict.fromkeys("123", "fail"))
    with pytest.raises(ToolError, match=r"no seed of 3 routes: .*Failed to route arc"):
        synth(build, pnr=True)
    monkeypatch.setattr(pnr, "sites_needed", lambda *_: 53201)
    no_room = "no room: packed for nextpnr-xilinx the design needs 53,201 LUT6 sites, pynq-z2 has 53,200"
    with pytest.raises(ToolError, match=no_room):
        synth(build, pnr=True)
    assert not list((build / "pnr").glob("seed*"))


def loads_of_registers(module):
    """The most loads of a register's output."""
    drivers, loads = {}, Counter()
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "output":
                drivers.update(dict.fromkeys(bits, cell["type"]))
            elif port != "C":
                loads.update(bits)
    return max(count for bit, count in loads.items() if drivers.get(bit) in REGISTERS)


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
