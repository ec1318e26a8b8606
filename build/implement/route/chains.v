// SPDX-License-Identifier: Apache-2.0
// Techmap rules: a carry chain, and LUTs around it, as functions of single bits, to be mapped to LUTs anew.
//
//   CO[i] = S[i] ? CO[i-1] : DI[i],  O[i] = S[i] ^ CO[i-1]
(* techmap_celltype = "CARRY4" *)
module carry4_of_bits (
    output [3:0] CO, O,
    input CI, CYINIT,
    input [3:0] DI, S
);
  wire [3:0] before = {CO[2:0], CI | CYINIT};
  assign CO = (S & before) | (~S & DI);
  assign O = S ^ before;
endmodule

(* techmap_celltype = "LUT1" *)
module lut1_of_bits #(parameter [1:0] INIT = 0) (output O, input I0);
  assign O = INIT[I0];
endmodule

(* techmap_celltype = "LUT2" *)
module lut2_of_bits #(parameter [3:0] INIT = 0) (output O, input I0, I1);
  assign O = INIT[{I1, I0}];
endmodule

(* techmap_celltype = "LUT3" *)
module lut3_of_bits #(parameter [7:0] INIT = 0) (output O, input I0, I1, I2);
  assign O = INIT[{I2, I1, I0}];
endmodule

(* techmap_celltype = "LUT4" *)
module lut4_of_bits #(parameter [15:0] INIT = 0) (output O, input I0, I1, I2, I3);
  assign O = INIT[{I3, I2, I1, I0}];
endmodule
