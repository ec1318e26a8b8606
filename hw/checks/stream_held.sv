// SPDX-License-Identifier: Apache-2.0
// What is offered stays until it is taken: tvalid and what goes with it hold while tready is low.
//
// Simulations bind it as held_bound.sv says. Several streams that share a clock are checked side by side.
module stream_held #(
    parameter int unsigned WIDTH   = 8,  // bits that are offered: tdata, tlast ...
    parameter int unsigned STREAMS = 1   // side by side
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
      if (ap_rst_n && waiting_q)
        held : assert (valid[k] && offer[k] == offer_q) else $error("%m: stream %0d changed while stalled", k);
    end
  end

endmodule
