# SPDX-License-Identifier: Apache-2.0
"""stream_held, as simulations bind it: it says where a module takes back or changes what it offered."""

from __future__ import annotations

import subprocess

import pytest

from fpgan.hw.sources import held_checks
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env

# Takes the first word's place by the second, or takes it back, while nobody takes it.
FAULTY = """
module fifo #(parameter int unsigned WIDTH = 8, parameter bit CHANGES = 1) (
    input logic ap_clk, ap_rst_n, m_axis_tready,
    output logic [WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tvalid
);
  logic [3:0] cycle_q = 0;
  always_ff @(posedge ap_clk) cycle_q <= cycle_q + 1'b1;
  assign m_axis_tdata = CHANGES && cycle_q > 8 ? 2 : 1;
  assign m_axis_tvalid = CHANGES || cycle_q < 8;
endmodule
module top #(parameter bit CHANGES = 1, parameter bit READY = 0);
  logic clk = 0;
  always #1 clk = !clk;
  initial #28 $finish;
  fifo #(.CHANGES(CHANGES)) dut (
      .ap_clk(clk), .ap_rst_n(1'b1), .m_axis_tready(READY), .m_axis_tdata(), .m_axis_tvalid());
endmodule
"""


@pytest.mark.verilator
@pytest.mark.parametrize(("changes", "ready"), [(0, 0), (1, 0), (1, 1)])
def test_what_is_offered_must_hold(changes, ready, tmp_path):
    """Data that change and a tvalid that falls are seen, and neither where the word was taken."""
    (tmp_path / "top.sv").write_text(FAULTY)
    run(
        [
            str(find_tool("verilator")), "--binary", "--assert", "-Wno-fatal", "--top-module", "top", "-O0",
            f"-GCHANGES={changes}", f"-GREADY={ready}", "top.sv", *map(str, held_checks()),
        ],
        tmp_path, tmp_path / "build.log", "the build", env=verilator_env(),
    )  # fmt: skip
    done = subprocess.run([tmp_path / "obj_dir/Vtop"], capture_output=True, text=True, check=False)
    said = "top.dut.m_axis_held" in done.stdout and "stream 0 changed while stalled" in done.stdout
    assert said == (done.returncode != 0) == (not ready)
