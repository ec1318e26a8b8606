// SPDX-License-Identifier: Apache-2.0
// Techmap rules: primitives that nextpnr-xilinx does not place or route, of those that it does.

// A shift register of constant length is a chain of flip-flops: sites with different enables in one slice,
// which share its one write enable, are placed there, and then the router never ends.
(* techmap_celltype = "SRL16E" *)
module srl16e_of_registers #(
    parameter [15:0] INIT = 16'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0,
    parameter [0:0] _TECHMAP_CONSTMSK_A0_ = 0, _TECHMAP_CONSTVAL_A0_ = 0,
    parameter [0:0] _TECHMAP_CONSTMSK_A1_ = 0, _TECHMAP_CONSTVAL_A1_ = 0,
    parameter [0:0] _TECHMAP_CONSTMSK_A2_ = 0, _TECHMAP_CONSTVAL_A2_ = 0,
    parameter [0:0] _TECHMAP_CONSTMSK_A3_ = 0, _TECHMAP_CONSTVAL_A3_ = 0
) (
    output Q,
    input A0, A1, A2, A3, CE, CLK, D
);
  wire _TECHMAP_FAIL_ = !(_TECHMAP_CONSTMSK_A0_ && _TECHMAP_CONSTMSK_A1_ && _TECHMAP_CONSTMSK_A2_
                          && _TECHMAP_CONSTMSK_A3_);
  localparam [3:0] LAST = {_TECHMAP_CONSTVAL_A3_, _TECHMAP_CONSTVAL_A2_, _TECHMAP_CONSTVAL_A1_,
                           _TECHMAP_CONSTVAL_A0_};
  genvar i;
  generate
    wire [16:0] line;
    assign line[0] = D;
    for (i = 0; i <= 15; i = i + 1)
      if (i <= LAST) FDRE #(.INIT(INIT[i]), .IS_C_INVERTED(IS_CLK_INVERTED)) stage (
          .C(CLK), .CE(CE), .D(line[i]), .Q(line[i+1]), .R(1'b0));
    assign Q = line[LAST+1];
  endgenerate
endmodule

// So is one of up to 32. Otherwise it keeps its site but not its cascade output, which is not routed: what left
// by Q31 leaves by a second site that always shows its last bit; where Q31 is unused, that one is swept.
(* techmap_celltype = "SRLC32E" *)
module srlc32e_apart #(
    parameter [31:0] INIT = 32'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0,
    parameter [4:0] _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTVAL_A_ = 0
) (
    output Q, Q31,
    input [4:0] A,
    input CE, CLK, D
);
  genvar i;
  generate
    if (_TECHMAP_CONSTMSK_A_ == 5'h1F) begin : gen_registers
      wire [32:0] line;
      assign line[0] = D;
      for (i = 0; i <= 31; i = i + 1) FDRE #(.INIT(INIT[i]), .IS_C_INVERTED(IS_CLK_INVERTED)) stage (
          .C(CLK), .CE(CE), .D(line[i]), .Q(line[i+1]), .R(1'b0));
      assign Q = line[_TECHMAP_CONSTVAL_A_+1];
      assign Q31 = line[32];
    end else begin : gen_sites
      \$__SRLC32E #(.INIT(INIT), .IS_CLK_INVERTED(IS_CLK_INVERTED)) shown (
          .Q(Q), .A(A), .CE(CE), .CLK(CLK), .D(D));
      \$__SRLC32E #(.INIT(INIT), .IS_CLK_INVERTED(IS_CLK_INVERTED)) last (
          .Q(Q31), .A(5'd31), .CE(CE), .CLK(CLK), .D(D));
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

// An inverter in front of a carry chain would take a site of its own.
(* techmap_celltype = "INV" *)
module inv_is_lut (
    output O,
    input I
);
  LUT1 #(.INIT(2'h1)) inverter (.O(O), .I0(I));
endmodule
