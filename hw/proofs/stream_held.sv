// SPDX-License-Identifier: Apache-2.0
// What is offered stays until it is taken: tvalid and what goes with it hold while tready is low.
//
// For simulations, which bind it as held_bound.sv says, and for proofs. Several streams that share a clock are
// checked side by side.
module stream_held #(
    parameter int unsigned WIDTH   = 8,  // bits that are offered: tdata, tlast ...
    parameter int unsigned STREAMS = 1,  // side by side
    parameter bit          ASSUMED = 0   // what the other side of the module under proof owes it
) (
    input logic ap_clk,
    input logic ap_rst_n,                       // a reset takes back what was offered
    input logic [STREAMS-1:0][WIDTH-1:0] offer,
    input logic [STREAMS-1:0] valid,
    input logic [STREAMS-1:0] ready
);

  for (genvar k = 0; k < STREAMS; k++) begin : gen_stream
    logic waiting_q;
    logic [WIDTH-1:0] offer_q;
    always_ff @(posedge ap_clk) begin
      waiting_q <= ap_rst_n && valid[k] && !ready[k];
      offer_q   <= offer[k];
      if (ap_rst_n && waiting_q && ASSUMED) assume (valid[k] && offer[k] == offer_q);
      if (ap_rst_n && waiting_q && !ASSUMED)
        held : assert (valid[k] && offer[k] == offer_q) else $error("%m: stream %0d changed while stalled", k);
    end
  end

endmodule
