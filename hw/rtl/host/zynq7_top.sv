// SPDX-License-Identifier: Apache-2.0
// A Zynq-7000 around an accelerator: the processor system's general-purpose port GP0 reaches the registers at
// BASE, with MEMORY the accelerator reaches the memory by its port HP0, FCLK_CLK0 is the clock, IRQ_F2P[0] the
// interrupt. It needs no IP and has no pins: those of the processor system are fixed.
//
// HP0 speaks AXI3: bursts of up to 16 beats, and WID, which is always AWID's 0. Its words have the 64 bits that
// it has after reset. It is not coherent with the processor's caches.
//
// The clock's frequency is what the processor sets; that of the design stands in CLOCK_KHZ.
module zynq7_top #(
    parameter logic [31:0] BASE = 32'h43C0_0000,  // of the registers, within GP0's 0x4000_0000 to 0x7FFF_FFFF
    parameter bit MEMORY = 1'b0                   // the host interface has a memory master: fpgan_axi, else fpgan_axil
);

  localparam int unsigned ADDRESS_BITS = 14;  // what fpgan_axil decodes

  logic [3:0] fclk, fclk_reset_n;
  logic ap_clk, ap_rst_n, irq;

  logic [11:0] s_axi_awid, s_axi_bid, s_axi_arid, s_axi_rid;
  logic [31:0] s_axi_awaddr, s_axi_wdata, s_axi_araddr, s_axi_rdata;
  logic [3:0] s_axi_awlen, s_axi_wstrb, s_axi_arlen;
  logic [1:0] s_axi_awsize, s_axi_awburst, s_axi_bresp, s_axi_arsize, s_axi_arburst, s_axi_rresp;
  logic s_axi_awvalid, s_axi_awready, s_axi_wlast, s_axi_wvalid, s_axi_wready, s_axi_bvalid, s_axi_bready;
  logic s_axi_arvalid, s_axi_arready, s_axi_rlast, s_axi_rvalid, s_axi_rready;

  logic [31:0] m_axi_awaddr, m_axi_araddr;
  logic [63:0] m_axi_wdata, m_axi_rdata;
  logic [7:0] m_axi_wstrb, m_axi_awlen, m_axi_arlen;
  logic [5:0] hp_bid, hp_rid;
  logic [3:0] m_axi_awcache, m_axi_arcache;
  logic [2:0] m_axi_awsize, m_axi_arsize, m_axi_awprot, m_axi_arprot;
  logic [1:0] m_axi_awburst, m_axi_arburst, m_axi_bresp, m_axi_rresp;
  logic [0:0] m_axi_awid, m_axi_arid, m_axi_bid, m_axi_rid;
  logic m_axi_awvalid, m_axi_awready, m_axi_wlast, m_axi_wvalid, m_axi_wready, m_axi_bvalid, m_axi_bready;
  logic m_axi_arvalid, m_axi_arready, m_axi_rlast, m_axi_rvalid, m_axi_rready;

  PS7 ps7 (
      .FCLKCLK(fclk), .FCLKRESETN(fclk_reset_n), .FCLKCLKTRIGN(4'b0000), .IRQF2P({19'b0, irq}),
      .MAXIGP0ACLK(ap_clk),
      .MAXIGP0AWID(s_axi_awid), .MAXIGP0AWADDR(s_axi_awaddr), .MAXIGP0AWLEN(s_axi_awlen),
      .MAXIGP0AWSIZE(s_axi_awsize), .MAXIGP0AWBURST(s_axi_awburst), .MAXIGP0AWVALID(s_axi_awvalid),
      .MAXIGP0AWREADY(s_axi_awready), .MAXIGP0WDATA(s_axi_wdata), .MAXIGP0WSTRB(s_axi_wstrb),
      .MAXIGP0WLAST(s_axi_wlast), .MAXIGP0WVALID(s_axi_wvalid), .MAXIGP0WREADY(s_axi_wready),
      .MAXIGP0BID(s_axi_bid), .MAXIGP0BRESP(s_axi_bresp), .MAXIGP0BVALID(s_axi_bvalid),
      .MAXIGP0BREADY(s_axi_bready), .MAXIGP0ARID(s_axi_arid), .MAXIGP0ARADDR(s_axi_araddr),
      .MAXIGP0ARLEN(s_axi_arlen), .MAXIGP0ARSIZE(s_axi_arsize), .MAXIGP0ARBURST(s_axi_arburst),
      .MAXIGP0ARVALID(s_axi_arvalid), .MAXIGP0ARREADY(s_axi_arready), .MAXIGP0RID(s_axi_rid),
      .MAXIGP0RDATA(s_axi_rdata), .MAXIGP0RRESP(s_axi_rresp), .MAXIGP0RLAST(s_axi_rlast),
      .MAXIGP0RVALID(s_axi_rvalid), .MAXIGP0RREADY(s_axi_rready),
      .SAXIHP0ACLK(ap_clk), .SAXIHP0RDISSUECAP1EN(1'b0), .SAXIHP0WRISSUECAP1EN(1'b0),
      .SAXIHP0AWID({5'd0, m_axi_awid}), .SAXIHP0AWADDR(m_axi_awaddr), .SAXIHP0AWLEN(m_axi_awlen[3:0]),
      .SAXIHP0AWSIZE(m_axi_awsize[1:0]), .SAXIHP0AWBURST(m_axi_awburst), .SAXIHP0AWLOCK(2'b00),
      .SAXIHP0AWCACHE(m_axi_awcache), .SAXIHP0AWPROT(m_axi_awprot), .SAXIHP0AWQOS(4'd0),
      .SAXIHP0AWVALID(m_axi_awvalid), .SAXIHP0AWREADY(m_axi_awready), .SAXIHP0WID(6'd0),
      .SAXIHP0WDATA(m_axi_wdata), .SAXIHP0WSTRB(m_axi_wstrb), .SAXIHP0WLAST(m_axi_wlast),
      .SAXIHP0WVALID(m_axi_wvalid), .SAXIHP0WREADY(m_axi_wready), .SAXIHP0BID(hp_bid),
      .SAXIHP0BRESP(m_axi_bresp), .SAXIHP0BVALID(m_axi_bvalid), .SAXIHP0BREADY(m_axi_bready),
      .SAXIHP0ARID({5'd0, m_axi_arid}), .SAXIHP0ARADDR(m_axi_araddr), .SAXIHP0ARLEN(m_axi_arlen[3:0]),
      .SAXIHP0ARSIZE(m_axi_arsize[1:0]), .SAXIHP0ARBURST(m_axi_arburst), .SAXIHP0ARLOCK(2'b00),
      .SAXIHP0ARCACHE(m_axi_arcache), .SAXIHP0ARPROT(m_axi_arprot), .SAXIHP0ARQOS(4'd0),
      .SAXIHP0ARVALID(m_axi_arvalid), .SAXIHP0ARREADY(m_axi_arready), .SAXIHP0RID(hp_rid),
      .SAXIHP0RDATA(m_axi_rdata), .SAXIHP0RRESP(m_axi_rresp), .SAXIHP0RLAST(m_axi_rlast),
      .SAXIHP0RVALID(m_axi_rvalid), .SAXIHP0RREADY(m_axi_rready));
  assign {m_axi_bid, m_axi_rid} = {hp_bid[0], hp_rid[0]};

  BUFG clock_buffer (.I(fclk[0]), .O(ap_clk));

  // FCLK_RESET0_N changes at any time; both its edges reach the logic with the clock. The bitstream starts it
  // in reset.
  /* verilator lint_off PROCASSINIT */
  (* ASYNC_REG = "TRUE" *) logic [2:0] reset_q = '0;
  /* verilator lint_on PROCASSINIT */
  always_ff @(posedge ap_clk) reset_q <= {reset_q[1:0], fclk_reset_n[0]};
  assign ap_rst_n = reset_q[2];

  logic [ADDRESS_BITS-1:0] axil_awaddr, axil_araddr;
  logic [31:0] axil_wdata, axil_rdata;
  logic [3:0] axil_wstrb;
  logic [1:0] axil_bresp, axil_rresp;
  logic axil_awvalid, axil_awready, axil_wvalid, axil_wready, axil_bvalid, axil_bready;
  logic axil_arvalid, axil_arready, axil_rvalid, axil_rready;

  axi3_axil #(.ADDRESS_BITS(ADDRESS_BITS), .BASE(BASE)) bridge (
      .m_axil_awaddr(axil_awaddr), .m_axil_awvalid(axil_awvalid), .m_axil_awready(axil_awready),
      .m_axil_wdata(axil_wdata), .m_axil_wstrb(axil_wstrb), .m_axil_wvalid(axil_wvalid),
      .m_axil_wready(axil_wready), .m_axil_bresp(axil_bresp), .m_axil_bvalid(axil_bvalid),
      .m_axil_bready(axil_bready), .m_axil_araddr(axil_araddr), .m_axil_arvalid(axil_arvalid),
      .m_axil_arready(axil_arready), .m_axil_rdata(axil_rdata), .m_axil_rresp(axil_rresp),
      .m_axil_rvalid(axil_rvalid), .m_axil_rready(axil_rready), .*);

  if (MEMORY) begin : gen_memory
    fpgan_axi host (
        .s_axil_awaddr(axil_awaddr), .s_axil_awvalid(axil_awvalid), .s_axil_awready(axil_awready),
        .s_axil_wdata(axil_wdata), .s_axil_wstrb(axil_wstrb), .s_axil_wvalid(axil_wvalid),
        .s_axil_wready(axil_wready), .s_axil_bresp(axil_bresp), .s_axil_bvalid(axil_bvalid),
        .s_axil_bready(axil_bready), .s_axil_araddr(axil_araddr), .s_axil_arvalid(axil_arvalid),
        .s_axil_arready(axil_arready), .s_axil_rdata(axil_rdata), .s_axil_rresp(axil_rresp),
        .s_axil_rvalid(axil_rvalid), .s_axil_rready(axil_rready), .*);
  end else begin : gen_registers
    fpgan_axil host (
        .s_axil_awaddr(axil_awaddr), .s_axil_awvalid(axil_awvalid), .s_axil_awready(axil_awready),
        .s_axil_wdata(axil_wdata), .s_axil_wstrb(axil_wstrb), .s_axil_wvalid(axil_wvalid),
        .s_axil_wready(axil_wready), .s_axil_bresp(axil_bresp), .s_axil_bvalid(axil_bvalid),
        .s_axil_bready(axil_bready), .s_axil_araddr(axil_araddr), .s_axil_arvalid(axil_arvalid),
        .s_axil_arready(axil_arready), .s_axil_rdata(axil_rdata), .s_axil_rresp(axil_rresp),
        .s_axil_rvalid(axil_rvalid), .s_axil_rready(axil_rready), .*);
    assign {m_axi_awid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst, m_axi_awcache, m_axi_awprot,
            m_axi_awvalid, m_axi_wdata, m_axi_wstrb, m_axi_wlast, m_axi_wvalid, m_axi_bready} = '0;
    assign {m_axi_arid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_arcache, m_axi_arprot,
            m_axi_arvalid, m_axi_rready} = '0;
    logic unused;
    assign unused = &{1'b0, m_axi_awready, m_axi_wready, m_axi_bid, m_axi_bresp, m_axi_bvalid, m_axi_arready,
                      m_axi_rid, m_axi_rdata, m_axi_rresp, m_axi_rlast, m_axi_rvalid};
  end

  logic unused;
  assign unused = &{1'b0, fclk[3:1], fclk_reset_n[3:1], hp_bid, hp_rid, m_axi_awlen[7:4], m_axi_arlen[7:4],
                    m_axi_awsize[2], m_axi_arsize[2]};

endmodule
