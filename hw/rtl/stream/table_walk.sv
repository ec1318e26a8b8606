// SPDX-License-Identifier: Apache-2.0
// The entries of a table in their order, over and over, each as long as it takes.
//
// II = 1, latency 1 cycle from `next` to the next entry. The entry leaves a register, which is read from the table
// one entry ahead. A reset, of 1 cycle or more, begins at the first.
module table_walk #(
    parameter int unsigned WIDTH = 8,  // bits of an entry
    parameter int unsigned DEPTH = 4,  // entries
    parameter FILE = "",               // hex file, DEPTH lines
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic ap_clk,
    input  logic ap_rst_n,             // synchronous, active low
    input  logic next,                 // go on to the next entry
    output logic [WIDTH-1:0] entry,
    output logic last                  // it is the table's last
);

  (* ram_style = "distributed", rom_style = "distributed" *) logic [WIDTH-1:0] words[DEPTH];
  initial $readmemh(FILE, words);

  logic [AW-1:0] ahead_q, ahead;  // the entry after this one
  assign ahead = ap_rst_n ? ahead_q : '0;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n || next) begin
      entry <= words[ahead];
      last <= ahead == AW'(DEPTH - 1);
      ahead_q <= ahead == AW'(DEPTH - 1) ? '0 : ahead + 1'b1;
    end
  end

endmodule
