// SPDX-License-Identifier: Apache-2.0
// Combinational primitives of 7-series and UltraScale+ slices, for two-state simulation of netlists.
//
//   LUTn:    O = INIT[{In-1, ..., I0}]
//   LUT6_2:  O6 as LUT6, O5 = INIT[{0, I4, ..., I0}]
//   CARRYn:  c0 = CI, c(i+1) = S[i] ? c(i) : DI[i], O[i] = S[i] ^ c(i), CO[i] = c(i+1)

module LUT1 #(
    parameter [1:0] INIT = 0
) (
    output O,
    input I0
);
  assign O = INIT[I0];
endmodule

module LUT2 #(
    parameter [3:0] INIT = 0
) (
    output O,
    input I0, I1
);
  assign O = INIT[{I1, I0}];
endmodule

module LUT3 #(
    parameter [7:0] INIT = 0
) (
    output O,
    input I0, I1, I2
);
  assign O = INIT[{I2, I1, I0}];
endmodule

module LUT4 #(
    parameter [15:0] INIT = 0
) (
    output O,
    input I0, I1, I2, I3
);
  assign O = INIT[{I3, I2, I1, I0}];
endmodule

module LUT5 #(
    parameter [31:0] INIT = 0
) (
    output O,
    input I0, I1, I2, I3, I4
);
  assign O = INIT[{I4, I3, I2, I1, I0}];
endmodule

module LUT6 #(
    parameter [63:0] INIT = 0
) (
    output O,
    input I0, I1, I2, I3, I4, I5
);
  assign O = INIT[{I5, I4, I3, I2, I1, I0}];
endmodule

module LUT6_2 #(
    parameter [63:0] INIT = 0
) (
    output O6, O5,
    input I0, I1, I2, I3, I4, I5
);
  assign O6 = INIT[{I5, I4, I3, I2, I1, I0}];
  assign O5 = INIT[{1'b0, I4, I3, I2, I1, I0}];
endmodule

module INV (
    output O,
    input I
);
  assign O = !I;
endmodule

module MUXF7 (
    output O,
    input I0, I1, S
);
  assign O = S ? I1 : I0;
endmodule

module MUXF8 (
    output O,
    input I0, I1, S
);
  assign O = S ? I1 : I0;
endmodule

module MUXF9 (
    output O,
    input I0, I1, S
);
  assign O = S ? I1 : I0;
endmodule

module GND (
    output G
);
  assign G = 1'b0;
endmodule

module VCC (
    output P
);
  assign P = 1'b1;
endmodule

// The chain as one addition: DI + (DI ^ S) generates a carry where S = 0 and DI = 1, and propagates where
// S = 1. A vector whose bits depend on its lower bits would be a loop to Verilator, iterated in every cycle.
module fpgan_carry #(
    parameter WIDTH = 4
) (
    output [WIDTH-1:0] CO, O,
    input CI,
    input [WIDTH-1:0] DI, S
);
  wire last;
  wire [WIDTH-1:0] carries = O ^ S;
  assign {last, O} = {1'b0, DI} + {1'b0, DI ^ S} + {{WIDTH{1'b0}}, CI};
  assign CO = {last, carries[WIDTH-1:1]};
endmodule

module CARRY4 (
    output [3:0] CO, O,
    input CI, CYINIT,  // of the chain's first cell: one of the two is 0
    input [3:0] DI, S
);
  fpgan_carry #(.WIDTH(4)) chain (.CO(CO), .O(O), .CI(CI | CYINIT), .DI(DI), .S(S));
endmodule

module CARRY8 #(
    parameter CARRY_TYPE = "SINGLE_CY8"
) (
    output [7:0] CO, O,
    input CI, CI_TOP,
    input [7:0] DI, S
);
  if (CARRY_TYPE == "SINGLE_CY8") begin : gen_single
    fpgan_carry #(.WIDTH(8)) chain (.CO(CO), .O(O), .CI(CI), .DI(DI), .S(S));
  end else begin : gen_dual
    fpgan_carry #(.WIDTH(4)) low (.CO(CO[3:0]), .O(O[3:0]), .CI(CI), .DI(DI[3:0]), .S(S[3:0]));
    fpgan_carry #(.WIDTH(4)) high (.CO(CO[7:4]), .O(O[7:4]), .CI(CI_TOP), .DI(DI[7:4]), .S(S[7:4]));
  end
endmodule
