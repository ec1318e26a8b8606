// SPDX-License-Identifier: Apache-2.0
// Techmap rule: a shift register site without its cascade output, which nextpnr-xilinx does not route. What
// left by Q31 leaves by a second site that always shows its last bit; where Q31 is unused, that one is swept.

(* techmap_celltype = "SRLC32E" *)
module srlc32e_apart #(
    parameter [31:0] INIT = 32'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0
) (
    output Q, Q31,
    input [4:0] A,
    input CE, CLK, D
);
  \$__SRLC32E #(.INIT(INIT), .IS_CLK_INVERTED(IS_CLK_INVERTED)) shown (
      .Q(Q), .A(A), .CE(CE), .CLK(CLK), .D(D));
  \$__SRLC32E #(.INIT(INIT), .IS_CLK_INVERTED(IS_CLK_INVERTED)) last (
      .Q(Q31), .A(5'd31), .CE(CE), .CLK(CLK), .D(D));
endmodule
