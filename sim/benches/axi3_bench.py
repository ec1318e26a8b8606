# SPDX-License-Identifier: Apache-2.0
"""Test bench of axi3_axil: AXI4's signals, which the bus models drive, on AXI3's narrower ones."""

from __future__ import annotations

from pathlib import Path

from fpgan.hw.sources import sources
from fpgan.sim.benches.runner import run_cocotb

_BENCH = """module axi3_bench (
    input  logic ap_clk, ap_rst_n,
    input  logic [11:0] s_axi_awid, s_axi_arid, output logic [11:0] s_axi_bid, s_axi_rid,
    input  logic [31:0] s_axi_awaddr, s_axi_araddr, s_axi_wdata, output logic [31:0] s_axi_rdata,
    input  logic [7:0] s_axi_awlen, s_axi_arlen, input logic [2:0] s_axi_awsize, s_axi_arsize,
    input  logic [1:0] s_axi_awburst, s_axi_arburst, input logic [3:0] s_axi_wstrb,
    input  logic s_axi_awvalid, s_axi_wvalid, s_axi_wlast, s_axi_bready, s_axi_arvalid, s_axi_rready,
    output logic s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid, s_axi_rlast,
    output logic [1:0] s_axi_bresp, s_axi_rresp,
    output logic [13:0] m_axil_awaddr, m_axil_araddr, output logic [31:0] m_axil_wdata,
    output logic [3:0] m_axil_wstrb, input logic [31:0] m_axil_rdata, input logic [1:0] m_axil_bresp,
    input  logic [1:0] m_axil_rresp,
    output logic m_axil_awvalid, m_axil_wvalid, m_axil_bready, m_axil_arvalid, m_axil_rready,
    input  logic m_axil_awready, m_axil_wready, m_axil_bvalid, m_axil_arready, m_axil_rvalid
);
  axi3_axil dut (
      .s_axi_awlen(s_axi_awlen[3:0]), .s_axi_arlen(s_axi_arlen[3:0]),
      .s_axi_awsize(s_axi_awsize[1:0]), .s_axi_arsize(s_axi_arsize[1:0]), .*);
endmodule
"""


def run_axi3_bench(folder: Path, seed: int = 1) -> int:
    """Run every cocotb test of tb_axi3; returns how many there were."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.sv").write_text(_BENCH, encoding="utf-8")
    files = [*sources("axi3_axil", Path()), folder / "bench.sv"]
    return run_cocotb(
        "axi3_bench", files, "fpgan.sim.benches.tb_axi3", folder / "build", seeds=(seed,), warnings=False
    )
