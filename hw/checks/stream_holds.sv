// SPDX-License-Identifier: Apache-2.0
// Of who drives a module, a proof assumes what stream_held demands: what is offered stays until it is taken.
module stream_holds #(
    parameter int unsigned WIDTH = 8  // bits that are offered
) (
    input logic ap_clk,
    input logic ap_rst_n,
    input logic [WIDTH-1:0] offer,
    input logic valid,
    input logic ready
);

  logic waiting_q;
  logic [WIDTH-1:0] offer_q;
  always_ff @(posedge ap_clk) begin
    waiting_q <= ap_rst_n && valid && !ready;
    offer_q   <= offer;
    if (ap_rst_n && waiting_q) holds : assume (valid && offer == offer_q);
  end

endmodule
