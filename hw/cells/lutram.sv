// SPDX-License-Identifier: Apache-2.0
// RAM in LUT sites: written at the clock, read asynchronously. Every letter (A, B, ...) is one LUT with its own
// read address; all are written at the last letter's address.

// One LUT: DEPTH words of WIDTH bits, word i at INIT[WIDTH*i +: WIDTH].
module fpgan_lutram #(
    parameter WIDTH = 1,
    parameter DEPTH = 64,
    parameter [WIDTH*DEPTH-1:0] INIT = 0,
    parameter [0:0] INVERTED = 0,
    localparam AW = $clog2(DEPTH)
) (
    output [WIDTH-1:0] q,
    input [AW-1:0] read,
    input clk, we,
    input [AW-1:0] write,
    input [WIDTH-1:0] d
);
  if (INVERTED) begin : gen_bad
    $error("LUT RAM: an inverted clock is not modelled");
  end
  reg [WIDTH*DEPTH-1:0] bits = INIT;
  assign q = bits[WIDTH*read+:WIDTH];
  always @(posedge clk) if (we) bits[WIDTH*write+:WIDTH] <= d;
endmodule

module RAM32X1S #(
    parameter [31:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output O,
    input A0, A1, A2, A3, A4, D, WCLK, WE
);
  wire [4:0] a = {A4, A3, A2, A1, A0};
  fpgan_lutram #(1, 32, INIT, IS_WCLK_INVERTED) lut (O, a, WCLK, WE, a, D);
endmodule

module RAM64X1S #(
    parameter [63:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output O,
    input A0, A1, A2, A3, A4, A5, D, WCLK, WE
);
  wire [5:0] a = {A5, A4, A3, A2, A1, A0};
  fpgan_lutram #(1, 64, INIT, IS_WCLK_INVERTED) lut (O, a, WCLK, WE, a, D);
endmodule

module RAM128X1S #(
    parameter [127:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output O,
    input A0, A1, A2, A3, A4, A5, A6, D, WCLK, WE
);
  wire [6:0] a = {A6, A5, A4, A3, A2, A1, A0};
  fpgan_lutram #(1, 128, INIT, IS_WCLK_INVERTED) lut (O, a, WCLK, WE, a, D);
endmodule

module RAM256X1S #(
    parameter [255:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output O,
    input [7:0] A,
    input D, WCLK, WE
);
  fpgan_lutram #(1, 256, INIT, IS_WCLK_INVERTED) lut (O, A, WCLK, WE, A, D);
endmodule

module RAM512X1S #(
    parameter [511:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output O,
    input [8:0] A,
    input D, WCLK, WE
);
  fpgan_lutram #(1, 512, INIT, IS_WCLK_INVERTED) lut (O, A, WCLK, WE, A, D);
endmodule

module RAM32X1D #(
    parameter [31:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DPO, SPO,
    input D, WCLK, WE, A0, A1, A2, A3, A4, DPRA0, DPRA1, DPRA2, DPRA3, DPRA4
);
  wire [4:0] a = {A4, A3, A2, A1, A0}, r = {DPRA4, DPRA3, DPRA2, DPRA1, DPRA0};
  fpgan_lutram #(1, 32, INIT, IS_WCLK_INVERTED) s (SPO, a, WCLK, WE, a, D), d (DPO, r, WCLK, WE, a, D);
endmodule

module RAM64X1D #(
    parameter [63:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DPO, SPO,
    input D, WCLK, WE, A0, A1, A2, A3, A4, A5, DPRA0, DPRA1, DPRA2, DPRA3, DPRA4, DPRA5
);
  wire [5:0] a = {A5, A4, A3, A2, A1, A0}, r = {DPRA5, DPRA4, DPRA3, DPRA2, DPRA1, DPRA0};
  fpgan_lutram #(1, 64, INIT, IS_WCLK_INVERTED) s (SPO, a, WCLK, WE, a, D), d (DPO, r, WCLK, WE, a, D);
endmodule

module RAM128X1D #(
    parameter [127:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DPO, SPO,
    input D, WCLK, WE,
    input [6:0] A, DPRA
);
  fpgan_lutram #(1, 128, INIT, IS_WCLK_INVERTED) s (SPO, A, WCLK, WE, A, D), d (DPO, DPRA, WCLK, WE, A, D);
endmodule

module RAM256X1D #(
    parameter [255:0] INIT = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DPO, SPO,
    input D, WCLK, WE,
    input [7:0] A, DPRA
);
  fpgan_lutram #(1, 256, INIT, IS_WCLK_INVERTED) s (SPO, A, WCLK, WE, A, D), d (DPO, DPRA, WCLK, WE, A, D);
endmodule

module RAM32M #(
    parameter [63:0] INIT_A = 0, INIT_B = 0, INIT_C = 0, INIT_D = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output [1:0] DOA, DOB, DOC, DOD,
    input [4:0] ADDRA, ADDRB, ADDRC, ADDRD,
    input [1:0] DIA, DIB, DIC, DID,
    input WCLK, WE
);
  fpgan_lutram #(2, 32, INIT_A, IS_WCLK_INVERTED) a (DOA, ADDRA, WCLK, WE, ADDRD, DIA);
  fpgan_lutram #(2, 32, INIT_B, IS_WCLK_INVERTED) b (DOB, ADDRB, WCLK, WE, ADDRD, DIB);
  fpgan_lutram #(2, 32, INIT_C, IS_WCLK_INVERTED) c (DOC, ADDRC, WCLK, WE, ADDRD, DIC);
  fpgan_lutram #(2, 32, INIT_D, IS_WCLK_INVERTED) d (DOD, ADDRD, WCLK, WE, ADDRD, DID);
endmodule

module RAM64M #(
    parameter [63:0] INIT_A = 0, INIT_B = 0, INIT_C = 0, INIT_D = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DOA, DOB, DOC, DOD,
    input [5:0] ADDRA, ADDRB, ADDRC, ADDRD,
    input DIA, DIB, DIC, DID, WCLK, WE
);
  fpgan_lutram #(1, 64, INIT_A, IS_WCLK_INVERTED) a (DOA, ADDRA, WCLK, WE, ADDRD, DIA);
  fpgan_lutram #(1, 64, INIT_B, IS_WCLK_INVERTED) b (DOB, ADDRB, WCLK, WE, ADDRD, DIB);
  fpgan_lutram #(1, 64, INIT_C, IS_WCLK_INVERTED) c (DOC, ADDRC, WCLK, WE, ADDRD, DIC);
  fpgan_lutram #(1, 64, INIT_D, IS_WCLK_INVERTED) d (DOD, ADDRD, WCLK, WE, ADDRD, DID);
endmodule

module RAM32M16 #(
    parameter [63:0] INIT_A = 0, INIT_B = 0, INIT_C = 0, INIT_D = 0,
    parameter [63:0] INIT_E = 0, INIT_F = 0, INIT_G = 0, INIT_H = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output [1:0] DOA, DOB, DOC, DOD, DOE, DOF, DOG, DOH,
    input [4:0] ADDRA, ADDRB, ADDRC, ADDRD, ADDRE, ADDRF, ADDRG, ADDRH,
    input [1:0] DIA, DIB, DIC, DID, DIE, DIF, DIG, DIH,
    input WCLK, WE
);
  fpgan_lutram #(2, 32, INIT_A, IS_WCLK_INVERTED) a (DOA, ADDRA, WCLK, WE, ADDRH, DIA);
  fpgan_lutram #(2, 32, INIT_B, IS_WCLK_INVERTED) b (DOB, ADDRB, WCLK, WE, ADDRH, DIB);
  fpgan_lutram #(2, 32, INIT_C, IS_WCLK_INVERTED) c (DOC, ADDRC, WCLK, WE, ADDRH, DIC);
  fpgan_lutram #(2, 32, INIT_D, IS_WCLK_INVERTED) d (DOD, ADDRD, WCLK, WE, ADDRH, DID);
  fpgan_lutram #(2, 32, INIT_E, IS_WCLK_INVERTED) e (DOE, ADDRE, WCLK, WE, ADDRH, DIE);
  fpgan_lutram #(2, 32, INIT_F, IS_WCLK_INVERTED) f (DOF, ADDRF, WCLK, WE, ADDRH, DIF);
  fpgan_lutram #(2, 32, INIT_G, IS_WCLK_INVERTED) g (DOG, ADDRG, WCLK, WE, ADDRH, DIG);
  fpgan_lutram #(2, 32, INIT_H, IS_WCLK_INVERTED) h (DOH, ADDRH, WCLK, WE, ADDRH, DIH);
endmodule

module RAM64M8 #(
    parameter [63:0] INIT_A = 0, INIT_B = 0, INIT_C = 0, INIT_D = 0,
    parameter [63:0] INIT_E = 0, INIT_F = 0, INIT_G = 0, INIT_H = 0,
    parameter [0:0] IS_WCLK_INVERTED = 0
) (
    output DOA, DOB, DOC, DOD, DOE, DOF, DOG, DOH,
    input [5:0] ADDRA, ADDRB, ADDRC, ADDRD, ADDRE, ADDRF, ADDRG, ADDRH,
    input DIA, DIB, DIC, DID, DIE, DIF, DIG, DIH, WCLK, WE
);
  fpgan_lutram #(1, 64, INIT_A, IS_WCLK_INVERTED) a (DOA, ADDRA, WCLK, WE, ADDRH, DIA);
  fpgan_lutram #(1, 64, INIT_B, IS_WCLK_INVERTED) b (DOB, ADDRB, WCLK, WE, ADDRH, DIB);
  fpgan_lutram #(1, 64, INIT_C, IS_WCLK_INVERTED) c (DOC, ADDRC, WCLK, WE, ADDRH, DIC);
  fpgan_lutram #(1, 64, INIT_D, IS_WCLK_INVERTED) d (DOD, ADDRD, WCLK, WE, ADDRH, DID);
  fpgan_lutram #(1, 64, INIT_E, IS_WCLK_INVERTED) e (DOE, ADDRE, WCLK, WE, ADDRH, DIE);
  fpgan_lutram #(1, 64, INIT_F, IS_WCLK_INVERTED) f (DOF, ADDRF, WCLK, WE, ADDRH, DIF);
  fpgan_lutram #(1, 64, INIT_G, IS_WCLK_INVERTED) g (DOG, ADDRG, WCLK, WE, ADDRH, DIG);
  fpgan_lutram #(1, 64, INIT_H, IS_WCLK_INVERTED) h (DOH, ADDRH, WCLK, WE, ADDRH, DIH);
endmodule
