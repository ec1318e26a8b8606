# SPDX-License-Identifier: Apache-2.0
"""A Zynq-7000 netlist for `SimulatedBoard`: register accesses go through the processor's port GP0."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from fpgan.hw.host.emit import Host
from fpgan.hw.host.top import host_ports
from fpgan.hw.sources import cells, sources

_TOP = "zynq7_board"
_ADDRESS = 0x43C0_0000
_PS = "chip.ps7"


def top_host(host: Host, folder: Path) -> Host:
    """`host` with zynq7_top around it, in `folder`; see `netlist_host`."""
    shutil.copytree(host.root, folder)
    models = [path for path in cells() if path.name == "zynq7.sv"]
    names = [Path(shutil.copy(path, folder)).name for path in [*models, *sources("zynq7_top", Path())]]
    memory = int(host.options.bus == "axi")
    (folder / f"{_TOP}.sv").write_text(_board(host, _ADDRESS, f"#(.MEMORY({memory}))"), encoding="utf-8")
    return replace(host, root=folder.resolve(), top=_TOP, sources=(*host.sources, *names, f"{_TOP}.sv"))


def netlist_host(netlist: Path, host: Host, folder: Path, address: int = _ADDRESS) -> Host:
    """`host` with the Verilog netlist of its zynq7_top in place of its RTL, in `folder`.

    Every access is a burst of one beat at `address`, with an ID that changes. With bus `axi` the memory is at
    HP0. The netlist's own clock buffer and reset synchronizer are between the board's clock and reset and the
    logic.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [shutil.copy(path, folder) for path in [*cells(), netlist]]
    (folder / f"{_TOP}.sv").write_text(_board(host, address), encoding="utf-8")
    sources = (*(Path(name).name for name in names), f"{_TOP}.sv")
    return replace(host, root=folder.resolve(), top=_TOP, sources=sources)


def _board(host: Host, address: int, parameters: str = "") -> str:
    ports = host_ports(host.options, host.pumped)
    declared = ",\n".join(
        f"    {port.way} logic {f'[{port.bits - 1}:0] ' if port.bits else ''}{port.name}" for port in ports
    )
    return f"""module {_TOP} (
{declared}
);
  zynq7_top {parameters} chip ();

  logic [11:0] read_id_q, write_id_q;
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) {{read_id_q, write_id_q}} <= {{12'hFFE, 12'd7}};
    else begin
      read_id_q <= read_id_q + 12'(s_axil_rvalid && s_axil_rready);
      write_id_q <= write_id_q + 12'(s_axil_bvalid && s_axil_bready);
    end
  end

  assign irq = {_PS}.IRQF2P[0];
  assign {{{_PS}.clock, {_PS}.reset_n}} = {{ap_clk, ap_rst_n}};
  assign {{{_PS}.awid, {_PS}.arid}} = {{write_id_q, read_id_q}};
  assign {{{_PS}.awlen, {_PS}.awsize, {_PS}.awburst}} = {{4'd0, 2'd2, 2'd1}};
  assign {{{_PS}.arlen, {_PS}.arsize, {_PS}.arburst}} = {{4'd0, 2'd2, 2'd1}};
  assign {_PS}.awaddr = 32'h{address:08X} + 32'(s_axil_awaddr);
  assign {_PS}.araddr = 32'h{address:08X} + 32'(s_axil_araddr);
  assign {{{_PS}.wdata, {_PS}.wstrb, {_PS}.wlast}} = {{s_axil_wdata, s_axil_wstrb, 1'b1}};
  assign {{{_PS}.awvalid, {_PS}.wvalid, {_PS}.arvalid}} = {{s_axil_awvalid, s_axil_wvalid, s_axil_arvalid}};
  assign {{{_PS}.bready, {_PS}.rready}} = {{s_axil_bready, s_axil_rready}};
  assign {{s_axil_awready, s_axil_wready}} = {{{_PS}.MAXIGP0AWREADY, {_PS}.MAXIGP0WREADY}};
  assign {{s_axil_bvalid, s_axil_bresp}} = {{{_PS}.MAXIGP0BVALID, {_PS}.MAXIGP0BRESP}};
  assign {{s_axil_arready, s_axil_rvalid}} = {{{_PS}.MAXIGP0ARREADY, {_PS}.MAXIGP0RVALID}};
  assign {{s_axil_rdata, s_axil_rresp}} = {{{_PS}.MAXIGP0RDATA, {_PS}.MAXIGP0RRESP}};

  always_ff @(posedge ap_clk) begin
    if (ap_rst_n && s_axil_rvalid)
      assert ({_PS}.MAXIGP0RLAST && {_PS}.MAXIGP0RID == read_id_q && s_axil_rresp == 0)
      else $error("GP0: a read's answer is not the last, not OKAY, or of another ID");
    if (ap_rst_n && s_axil_bvalid)
      assert ({_PS}.MAXIGP0BID == write_id_q && s_axil_bresp == 0)
      else $error("GP0: a write's answer is not OKAY, or of another ID");
  end

{_MEMORY if host.options.bus == "axi" else ""}endmodule
"""


_MEMORY = f"""  assign {{m_axi_awid, m_axi_arid}} = {{{_PS}.SAXIHP0AWID[0], {_PS}.SAXIHP0ARID[0]}};
  assign {{m_axi_awaddr, m_axi_araddr}} = {{{_PS}.SAXIHP0AWADDR, {_PS}.SAXIHP0ARADDR}};
  assign {{m_axi_awlen, m_axi_arlen}} = {{4'd0, {_PS}.SAXIHP0AWLEN, 4'd0, {_PS}.SAXIHP0ARLEN}};
  assign {{m_axi_awsize, m_axi_arsize}} = {{1'b0, {_PS}.SAXIHP0AWSIZE, 1'b0, {_PS}.SAXIHP0ARSIZE}};
  assign {{m_axi_awburst, m_axi_arburst}} = {{{_PS}.SAXIHP0AWBURST, {_PS}.SAXIHP0ARBURST}};
  assign {{m_axi_awcache, m_axi_arcache}} = {{{_PS}.SAXIHP0AWCACHE, {_PS}.SAXIHP0ARCACHE}};
  assign {{m_axi_awprot, m_axi_arprot}} = {{{_PS}.SAXIHP0AWPROT, {_PS}.SAXIHP0ARPROT}};
  assign {{m_axi_awvalid, m_axi_arvalid}} = {{{_PS}.SAXIHP0AWVALID, {_PS}.SAXIHP0ARVALID}};
  assign {{m_axi_wdata, m_axi_wstrb}} = {{{_PS}.SAXIHP0WDATA, {_PS}.SAXIHP0WSTRB}};
  assign {{m_axi_wlast, m_axi_wvalid}} = {{{_PS}.SAXIHP0WLAST, {_PS}.SAXIHP0WVALID}};
  assign {{m_axi_bready, m_axi_rready}} = {{{_PS}.SAXIHP0BREADY, {_PS}.SAXIHP0RREADY}};
  assign {{{_PS}.hp_awready, {_PS}.hp_arready}} = {{m_axi_awready, m_axi_arready}};
  assign {_PS}.hp_wready = m_axi_wready;
  assign {{{_PS}.hp_bid, {_PS}.hp_bresp, {_PS}.hp_bvalid}} = {{5'd0, m_axi_bid, m_axi_bresp, m_axi_bvalid}};
  assign {{{_PS}.hp_rid, {_PS}.hp_rdata, {_PS}.hp_rresp}} = {{5'd0, m_axi_rid, m_axi_rdata, m_axi_rresp}};
  assign {{{_PS}.hp_rlast, {_PS}.hp_rvalid}} = {{m_axi_rlast, m_axi_rvalid}};

  always_ff @(posedge ap_clk) begin
    if (ap_rst_n && m_axi_wvalid)
      assert ({_PS}.SAXIHP0WID == {_PS}.SAXIHP0AWID) else $error("HP0: WID is not AWID");
    if (ap_rst_n && (m_axi_awvalid || m_axi_arvalid))
      assert ({_PS}.SAXIHP0AWLOCK == 0 && {_PS}.SAXIHP0ARLOCK == 0) else $error("HP0: a locked access");
  end
"""
