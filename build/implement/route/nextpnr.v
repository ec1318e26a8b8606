// SPDX-License-Identifier: Apache-2.0
// Techmap rules: primitives that nextpnr-xilinx does not place or route, of those that it does.

// A shift register is a chain of flip-flops, and LUTs where its address changes: sites with different enables in one
// slice, which share its one write enable, are placed there, and then the router never ends. Those that nothing
// reads are swept.
(* techmap_celltype = "SRL16E" *)
module srl16e_is_longer #(
    parameter [15:0] INIT = 16'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0
) (
    output Q,
    input A0, A1, A2, A3, CE, CLK, D
);
  SRLC32E #(.INIT({16'h0, INIT}), .IS_CLK_INVERTED(IS_CLK_INVERTED)) longer (
      .Q(Q), .Q31(), .A({1'b0, A3, A2, A1, A0}), .CE(CE), .CLK(CLK), .D(D));
endmodule

(* techmap_celltype = "SRLC32E" *)
module srlc32e_of_registers #(
    parameter [31:0] INIT = 32'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0,
    parameter [4:0] _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTVAL_A_ = 0
) (
    output Q, Q31,
    input [4:0] A,
    input CE, CLK, D
);
  localparam [63:0] ONE_OF_FOUR = 64'hFF00F0F0CCCCAAAA;  // by the last two inputs
  wire [32:0] line;
  wire [7:0] fours;
  wire [1:0] halves;
  genvar i;
  assign line[0] = D;
  assign Q31 = line[32];
  generate
    for (i = 0; i < 32; i = i + 1) FDRE #(.INIT(INIT[i]), .IS_C_INVERTED(IS_CLK_INVERTED)) stage (
        .C(CLK), .CE(CE), .D(line[i]), .Q(line[i+1]), .R(1'b0));
    if (_TECHMAP_CONSTMSK_A_ == 5'h1F) assign Q = line[_TECHMAP_CONSTVAL_A_+1];
    else begin : gen_choice
      for (i = 0; i < 8; i = i + 1) LUT6 #(.INIT(ONE_OF_FOUR)) of_four (
          .O(fours[i]), .I0(line[4*i+1]), .I1(line[4*i+2]), .I2(line[4*i+3]), .I3(line[4*i+4]),
          .I4(A[0]), .I5(A[1]));
      for (i = 0; i < 2; i = i + 1) LUT6 #(.INIT(ONE_OF_FOUR)) of_fours (
          .O(halves[i]), .I0(fours[4*i]), .I1(fours[4*i+1]), .I2(fours[4*i+2]), .I3(fours[4*i+3]),
          .I4(A[2]), .I5(A[3]));
      if (_TECHMAP_CONSTMSK_A_[4]) assign Q = halves[_TECHMAP_CONSTVAL_A_[4]];
      else LUT3 #(.INIT(8'hCA)) of_halves (.O(Q), .I0(halves[0]), .I1(halves[1]), .I2(A[4]));
    end
  endgenerate
endmodule

// A LUT with two outputs is two LUTs; where its last input is 1, they fit one site again.
(* techmap_celltype = "LUT6_2" *)
module lut6_2_apart #(
    parameter [63:0] INIT = 64'h0,
    parameter [0:0] _TECHMAP_CONSTMSK_I5_ = 0, _TECHMAP_CONSTVAL_I5_ = 0
) (
    output O6, O5,
    input I0, I1, I2, I3, I4, I5
);
  generate
    if (_TECHMAP_CONSTMSK_I5_ && _TECHMAP_CONSTVAL_I5_) begin : gen_five
      LUT5 #(.INIT(INIT[63:32])) upper (.O(O6), .I0(I0), .I1(I1), .I2(I2), .I3(I3), .I4(I4));
    end else begin : gen_six
      LUT6 #(.INIT(INIT)) whole (.O(O6), .I0(I0), .I1(I1), .I2(I2), .I3(I3), .I4(I4), .I5(I5));
    end
  endgenerate
  LUT5 #(.INIT(INIT[31:0])) lower (.O(O5), .I0(I0), .I1(I1), .I2(I2), .I3(I3), .I4(I4));
endmodule

// A carry that leaves the chain in its midst would end it there; the sum behind it says the same:
//
//   CO[i] = O[i+1] ^ S[i+1]
(* techmap_celltype = "CARRY4" *)
module carry4_unbroken #(
    parameter [3:0] _TECHMAP_CONSTMSK_S_ = 0, _TECHMAP_CONSTVAL_S_ = 0
) (
    output [3:0] CO, O,
    input CI, CYINIT,
    input [3:0] DI, S
);
  wire [2:0] unused;
  genvar i;
  \$__CARRY4 chain (.CO({CO[3], unused}), .O(O), .CI(CI), .CYINIT(CYINIT), .DI(DI), .S(S));
  generate
    for (i = 0; i < 3; i = i + 1) begin : gen_carry
      if (_TECHMAP_CONSTMSK_S_[i+1] && !_TECHMAP_CONSTVAL_S_[i+1]) assign CO[i] = O[i+1];
      else LUT2 #(.INIT(4'h6)) difference (.O(CO[i]), .I0(O[i+1]), .I1(S[i+1]));
    end
  endgenerate
endmodule

// Where a half of a table is constant, MUXF8 would get that from a MUXF7 that the packer puts in and fixes together
// with the whole device's ground, for which the placer seeks a place without end.
(* techmap_celltype = "MUXF8" *)
module muxf8_of_constant #(
    parameter [0:0] _TECHMAP_CONSTMSK_I0_ = 0, _TECHMAP_CONSTVAL_I0_ = 0,
    parameter [0:0] _TECHMAP_CONSTMSK_I1_ = 0, _TECHMAP_CONSTVAL_I1_ = 0
) (
    output O,
    input I0, I1, S
);
  localparam [1:0] ONE = {2{_TECHMAP_CONSTVAL_I1_}}, ZERO = {2{_TECHMAP_CONSTVAL_I0_}};
  wire _TECHMAP_FAIL_ = !_TECHMAP_CONSTMSK_I0_ && !_TECHMAP_CONSTMSK_I1_;
  generate
    if (_TECHMAP_CONSTMSK_I1_) LUT2 #(.INIT({ONE, 2'b10})) chosen (.O(O), .I0(I0), .I1(S));
    else LUT2 #(.INIT({2'b10, ZERO})) chosen (.O(O), .I0(I1), .I1(S));
  endgenerate
endmodule

// An inverter in front of a carry chain would take a site of its own.
(* techmap_celltype = "INV" *)
module inv_is_lut (
    output O,
    input I
);
  LUT1 #(.INIT(2'h1)) inverter (.O(O), .I0(I));
endmodule
