// SPDX-License-Identifier: Apache-2.0
// A Zynq-7000's clock buffer and processor system, for simulation of netlists.
//
//   BUFG:  O = I
//   PS7:   FCLK_CLK0, FCLK_RESET0_N, the master port GP0 and the answers of the slave port HP0 follow this
//          module's own variables, which a bench drives by their hierarchical names; what comes to it is there
//          to read.

module BUFG (
    output O,
    input I
);
  assign O = I;
endmodule

module PS7 (
    output [3:0] FCLKCLK, FCLKRESETN,
    input [3:0] FCLKCLKTRIGN,
    input [19:0] IRQF2P,
    input MAXIGP0ACLK,
    output [11:0] MAXIGP0AWID, MAXIGP0ARID,
    output [31:0] MAXIGP0AWADDR, MAXIGP0WDATA, MAXIGP0ARADDR,
    output [3:0] MAXIGP0AWLEN, MAXIGP0WSTRB, MAXIGP0ARLEN,
    output [1:0] MAXIGP0AWSIZE, MAXIGP0AWBURST, MAXIGP0ARSIZE, MAXIGP0ARBURST,
    output MAXIGP0AWVALID, MAXIGP0WLAST, MAXIGP0WVALID, MAXIGP0BREADY, MAXIGP0ARVALID, MAXIGP0RREADY,
    input MAXIGP0AWREADY, MAXIGP0WREADY, MAXIGP0BVALID, MAXIGP0ARREADY, MAXIGP0RLAST, MAXIGP0RVALID,
    input [11:0] MAXIGP0BID, MAXIGP0RID,
    input [1:0] MAXIGP0BRESP, MAXIGP0RRESP,
    input [31:0] MAXIGP0RDATA,
    input SAXIHP0ACLK, SAXIHP0RDISSUECAP1EN, SAXIHP0WRISSUECAP1EN,
    input [5:0] SAXIHP0AWID, SAXIHP0WID, SAXIHP0ARID,
    input [31:0] SAXIHP0AWADDR, SAXIHP0ARADDR,
    input [3:0] SAXIHP0AWLEN, SAXIHP0AWCACHE, SAXIHP0AWQOS, SAXIHP0ARLEN, SAXIHP0ARCACHE, SAXIHP0ARQOS,
    input [2:0] SAXIHP0AWPROT, SAXIHP0ARPROT,
    input [1:0] SAXIHP0AWSIZE, SAXIHP0AWBURST, SAXIHP0AWLOCK, SAXIHP0ARSIZE, SAXIHP0ARBURST, SAXIHP0ARLOCK,
    input SAXIHP0AWVALID, SAXIHP0WLAST, SAXIHP0WVALID, SAXIHP0BREADY, SAXIHP0ARVALID, SAXIHP0RREADY,
    input [63:0] SAXIHP0WDATA,
    input [7:0] SAXIHP0WSTRB,
    output SAXIHP0AWREADY, SAXIHP0WREADY, SAXIHP0BVALID, SAXIHP0ARREADY, SAXIHP0RLAST, SAXIHP0RVALID,
    output [5:0] SAXIHP0BID, SAXIHP0RID,
    output [1:0] SAXIHP0BRESP, SAXIHP0RRESP,
    output [63:0] SAXIHP0RDATA
);
  logic clock, reset_n;
  logic [11:0] awid, arid;
  logic [31:0] awaddr, wdata, araddr;
  logic [3:0] awlen, wstrb, arlen;
  logic [1:0] awsize, awburst, arsize, arburst;
  logic awvalid, wlast, wvalid, bready, arvalid, rready;
  logic hp_awready, hp_wready, hp_bvalid, hp_arready, hp_rlast, hp_rvalid;
  logic [5:0] hp_bid, hp_rid;
  logic [1:0] hp_bresp, hp_rresp;
  logic [63:0] hp_rdata;

  assign FCLKCLK = {3'b000, clock};
  assign FCLKRESETN = {3'b111, reset_n};
  assign {MAXIGP0AWID, MAXIGP0AWADDR, MAXIGP0AWLEN, MAXIGP0AWSIZE, MAXIGP0AWBURST, MAXIGP0AWVALID}
      = {awid, awaddr, awlen, awsize, awburst, awvalid};
  assign {MAXIGP0WDATA, MAXIGP0WSTRB, MAXIGP0WLAST, MAXIGP0WVALID} = {wdata, wstrb, wlast, wvalid};
  assign {MAXIGP0ARID, MAXIGP0ARADDR, MAXIGP0ARLEN, MAXIGP0ARSIZE, MAXIGP0ARBURST, MAXIGP0ARVALID}
      = {arid, araddr, arlen, arsize, arburst, arvalid};
  assign {MAXIGP0BREADY, MAXIGP0RREADY} = {bready, rready};
  assign {SAXIHP0AWREADY, SAXIHP0WREADY, SAXIHP0ARREADY} = {hp_awready, hp_wready, hp_arready};
  assign {SAXIHP0BID, SAXIHP0BRESP, SAXIHP0BVALID} = {hp_bid, hp_bresp, hp_bvalid};
  assign {SAXIHP0RID, SAXIHP0RDATA, SAXIHP0RRESP, SAXIHP0RLAST, SAXIHP0RVALID}
      = {hp_rid, hp_rdata, hp_rresp, hp_rlast, hp_rvalid};
endmodule
