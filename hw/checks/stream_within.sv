// SPDX-License-Identifier: Apache-2.0
// What is wanted comes: at the latest in the cycle after CYCLES in a row that it was wanted and did not.
module stream_within #(
    parameter int unsigned CYCLES = 0,
    localparam int unsigned CW = $clog2(CYCLES + 2)
) (
    input logic ap_clk,
    input logic ap_rst_n,
    input logic wanted,
    input logic comes
);

  logic [CW-1:0] waited_q;
  always_ff @(posedge ap_clk) begin
    waited_q <= ap_rst_n && wanted && !comes ? waited_q + 1'b1 : '0;
    if (ap_rst_n) in_time : assert (comes || !wanted || waited_q < CW'(CYCLES))
    else $error("%m: not within %0d cycles", CYCLES);
  end

endmodule
