// SPDX-License-Identifier: Apache-2.0
// Shift registers in LUT sites: Q is the bit that went in A + 1 enabled clocks ago. No reset.

module SRL16E #(
    parameter [15:0] INIT = 0,
    parameter [0:0] IS_CLK_INVERTED = 0
) (
    output Q,
    input A0, A1, A2, A3, CE, CLK, D
);
  if (IS_CLK_INVERTED) begin : gen_bad
    $error("SRL16E: an inverted clock is not modelled");
  end
  reg [15:0] bits = INIT;
  assign Q = bits[{A3, A2, A1, A0}];
  always @(posedge CLK) if (CE) bits <= {bits[14:0], D};
endmodule

module SRLC32E #(
    parameter [31:0] INIT = 0,
    parameter [0:0] IS_CLK_INVERTED = 0
) (
    output Q, Q31,
    input [4:0] A,
    input CE, CLK, D
);
  if (IS_CLK_INVERTED) begin : gen_bad
    $error("SRLC32E: an inverted clock is not modelled");
  end
  reg [31:0] bits = INIT;
  assign Q = bits[A];
  assign Q31 = bits[31];
  always @(posedge CLK) if (CE) bits <= {bits[30:0], D};
endmodule
