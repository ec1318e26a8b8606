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
    output MAXIGP0RREADY
);
endmodule

(* blackbox *)
module BUFG (
    output O,
    input I
);
endmodule
