# SPDX-License-Identifier: Apache-2.0
"""A block design as PYNQ sees it, without Vivado: RTL with the ports of its buses, and its .hwh file."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from fpgan.hw.design import Design
from fpgan.hw.host.ports import control_ports

TOP = "board"
MOST_CYCLES = 1_000_000  # of a simulation: what waits for ever ends
_AXIS = ("TDATA", "TKEEP", "TLAST", "TVALID", "TREADY")
_MASTER = {"s_axis": "axi_dma_0_M_AXIS_MM2S", "m_axis": f"{TOP}_0_m_axis"}  # names of the nets between them


def board_rtl(design: Design, host_top: str) -> str:
    """The host interface with registers, and beside it the accelerator with 32-bit streams for a DMA.

    A DMA's words are wider than the accelerator's beats; elements of 9 bits carry tlast through.
    """
    given, taken = design.input.tdata_bits // 8, design.output.tdata_bits // 8
    control = ",\n    ".join(
        f"{port.way} wire {f'[{port.bits - 1}:0] ' if port.bits else ''}{port.name}"
        for port in control_ports()
    )
    return f"""
module {TOP} (
    input wire clk, rst_n, output wire irq,
    {control},
    input wire [31:0] s_axis_tdata, input wire [3:0] s_axis_tkeep, input wire s_axis_tlast, s_axis_tvalid,
    output wire s_axis_tready,
    output wire [31:0] m_axis_tdata, output wire [3:0] m_axis_tkeep, output wire m_axis_tlast, m_axis_tvalid,
    input wire m_axis_tready
);
  int unsigned cycles = 0;
  always_ff @(posedge clk) begin
    cycles <= cycles + 1;
    if (cycles == {MOST_CYCLES}) $fatal(1, "a transfer does not end");
  end

  {host_top} host (.ap_clk(clk), .ap_rst_n(rst_n), .*);

  logic [{8 * given - 1}:0] latent;
  logic [{8 * taken - 1}:0] image;
  logic [{(9 * taken + 7) // 8 * 8 - 1}:0] marked;
  logic [39:0] words;
  logic latent_valid, latent_ready, image_last, image_valid, image_ready;
  width_convert #(.IN_ELEMS(4), .OUT_ELEMS({given}), .ELEM_BITS(8)) narrow (
      .ap_clk(clk), .ap_rst_n(rst_n), .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid),
      .s_axis_tready(s_axis_tready), .m_axis_tdata(latent), .m_axis_tvalid(latent_valid),
      .m_axis_tready(latent_ready));
  {design.top} accelerator (
      .ap_clk(clk), .ap_rst_n(rst_n),
      .s_axis_0_tdata(latent), .s_axis_0_tvalid(latent_valid), .s_axis_0_tready(latent_ready),
      .m_axis_0_tdata(image), .m_axis_0_tlast(image_last), .m_axis_0_tvalid(image_valid),
      .m_axis_0_tready(image_ready));
  for (genvar i = 0; i < {taken}; i++) assign marked[9*i+:9] = {{image_last, image[8*i+:8]}};
  width_convert #(.IN_ELEMS({taken}), .OUT_ELEMS(4), .ELEM_BITS(9)) wide (
      .ap_clk(clk), .ap_rst_n(rst_n), .s_axis_tdata(marked), .s_axis_tvalid(image_valid),
      .s_axis_tready(image_ready), .m_axis_tdata(words), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));
  for (genvar i = 0; i < 4; i++) assign m_axis_tdata[8*i+:8] = words[9*i+:8];
  assign m_axis_tlast = words[35];
  assign m_axis_tkeep = '1;
endmodule
"""


def board_hwh(address: int, span: int) -> str:
    """What PYNQ reads of that board: a Zynq's processor system, an AXI DMA, and the module with its buses."""
    root = Xml.Element("EDKSYSTEM")
    modules = Xml.SubElement(root, "MODULES")
    processor = _module(modules, "processing_system7", "processor", "processing_system7:5.5")
    ranges = Xml.SubElement(processor, "MEMORYMAP")
    for instance, bus, base in ((f"{TOP}_0", "s_axil", address), ("axi_dma_0", "S_AXI_LITE", 0x40400000)):
        Xml.SubElement(
            ranges, "MEMRANGE", INSTANCE=instance, SLAVEBUSINTERFACE=bus, BASEVALUE=f"0x{base:08X}",
            HIGHVALUE=f"0x{base + max(span, 0x10000) - 1:08X}",
        )  # fmt: skip
    dma = _module(modules, "axi_dma", "axi_dma_0", "axi_dma:7.1")
    buses = Xml.SubElement(dma, "BUSINTERFACES")
    _axis(buses, _MASTER["s_axis"], "M_AXIS_MM2S", "INITIATOR")
    _axis(buses, _MASTER["m_axis"], "S_AXIS_S2MM", "TARGET")
    _accelerator(modules)
    return Xml.tostring(root, encoding="unicode")


def _module(modules: Xml.Element, kind: str, instance: str, ip: str) -> Xml.Element:
    vlnv = f"xilinx.com:ip:{ip}"
    return Xml.SubElement(
        modules, "MODULE", MODTYPE=kind, INSTANCE=instance, FULLNAME=f"/{instance}", VLNV=vlnv
    )


def _accelerator(modules: Xml.Element) -> None:
    module = _module(modules, TOP, f"{TOP}_0", f"{TOP}:1.0")
    ports = Xml.SubElement(module, "PORTS")
    Xml.SubElement(ports, "PORT", NAME="clk", SIGIS="clk", DIR="I")
    Xml.SubElement(ports, "PORT", NAME="rst_n", SIGIS="rst", DIR="I", POLARITY="ACTIVE_LOW")
    buses = Xml.SubElement(module, "BUSINTERFACES")
    control = Xml.SubElement(
        buses, "BUSINTERFACE", NAME="s_axil", BUSNAME="processor_M_AXI_GP0", TYPE="SLAVE",
        VLNV="xilinx.com:interface:aximm:1.0",
    )  # fmt: skip
    _map(control, {port.name.removeprefix("s_axil_").upper(): port.name for port in control_ports()})
    for name, kind in (("s_axis", "TARGET"), ("m_axis", "INITIATOR")):
        stream = _axis(buses, _MASTER[name], name, kind)
        _map(stream, {logical: f"{name}_{logical.lower()}" for logical in _AXIS})


def _axis(buses: Xml.Element, net: str, name: str, kind: str) -> Xml.Element:
    vlnv = "xilinx.com:interface:axis:1.0"
    return Xml.SubElement(buses, "BUSINTERFACE", NAME=name, BUSNAME=net, TYPE=kind, VLNV=vlnv)


def _map(bus: Xml.Element, ports: dict[str, str]) -> None:
    maps = Xml.SubElement(bus, "PORTMAPS")
    for logical, physical in ports.items():
        Xml.SubElement(maps, "PORTMAP", LOGICAL=logical, PHYSICAL=physical)
