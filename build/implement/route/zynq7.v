// SPDX-License-Identifier: Apache-2.0
// Declarations of the primitives around a Zynq-7000's processor system, for the synthesis front end: the ports
// that hw/rtl/host/zynq7_top.sv connects. Yosys' own cell library takes over when it maps.

(* blackbox, keep *)
module PS7 (
    output [3:0] FCLKCLK, FCLKRESETN,
    input [3:0] FCLKCLKTRIGN,
    input [19:0] IRQF2P,
    input MAXIGP0ACLK,
    output [11:0] MAXIGP0AWID,
    output [31:0] MAXIGP0AWADDR,
    output [3:0] MAXIGP0AWLEN,
    output [1:0] MAXIGP0AWSIZE, MAXIGP0AWBURST,
    output MAXIGP0AWVALID,
    input MAXIGP0AWREADY,
    output [31:0] MAXIGP0WDATA,
    output [3:0] MAXIGP0WSTRB,
    output MAXIGP0WLAST, MAXIGP0WVALID,
    input MAXIGP0WREADY,
    input [11:0] MAXIGP0BID,
    input [1:0] MAXIGP0BRESP,
    input MAXIGP0BVALID,
    output MAXIGP0BREADY,
    output [11:0] MAXIGP0ARID,
    output [31:0] MAXIGP0ARADDR,
    output [3:0] MAXIGP0ARLEN,
    output [1:0] MAXIGP0ARSIZE, MAXIGP0ARBURST,
    output MAXIGP0ARVALID,
    input MAXIGP0ARREADY,
    input [11:0] MAXIGP0RID,
    input [31:0] MAXIGP0RDATA,
    input [1:0] MAXIGP0RRESP,
    input MAXIGP0RLAST, MAXIGP0RVALID,
    output MAXIGP0RREADY,
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
endmodule

(* blackbox *)
module BUFG (
    output O,
    input I
);
endmodule
