// SPDX-License-Identifier: Apache-2.0
// A reset for proofs: from whatever the registers hold at power-up, then again whenever it is asked for.
//
// One cycle, the shortest that there is: what holds after it holds after a longer one, which ends like it. As nothing
// is known of the registers before the first reset, a later one adds nothing: where a proof is long, it is left out.
module any_reset (
    input  logic ap_clk,
    input  logic again,     // free
    output logic ap_rst_n
);

  logic first_q = 1'b1;
  always_ff @(posedge ap_clk) first_q <= 1'b0;
  assign ap_rst_n = !first_q && !again;

endmodule
