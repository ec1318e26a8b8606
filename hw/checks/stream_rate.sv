// SPDX-License-Identifier: Apache-2.0
// Full rate: once both sides were willing for AFTER cycles in a row, a word moves in every cycle of these.
module stream_rate #(
    parameter int unsigned AFTER = 2,
    localparam int unsigned CW = $clog2(AFTER + 2)
) (
    input logic ap_clk,
    input logic ap_rst_n,
    input logic willing,  // both sides
    input logic moves
);

  logic [CW-1:0] willing_q;
  always_ff @(posedge ap_clk) begin
    willing_q <= !ap_rst_n || !willing ? '0 : willing_q + CW'(willing_q != CW'(AFTER));
    if (ap_rst_n) never_waits : assert (!willing || willing_q != CW'(AFTER) || moves) else $error("%m: no word moved");
  end

endmodule
