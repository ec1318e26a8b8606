// SPDX-License-Identifier: Apache-2.0
// Weights of mvu_cascade that come in one word: each as late as the place of a chain that it is for.
//
//   data[i][s] = word[i][s] of k cycles ago, k being the place of s (see mvu_cascade.sv)
//
// II = 1, no stalls and no reset. For words that are written at run time, in one memory for all places; those of
// the bitstream need no delay (cascade_rom).
module cascade_delay #(
    parameter int unsigned PE = 2,     // output channels, of all cores
    parameter int unsigned SIMD = 4,   // products of each
    parameter int unsigned CHAIN = 4,  // places
    parameter int unsigned BITS = 4    // of a weight
) (
    input  logic clk,
    input  logic [PE-1:0][SIMD-1:0][BITS-1:0] word,
    output logic [PE-1:0][SIMD-1:0][BITS-1:0] data
);

  localparam int unsigned CHAINS = (SIMD + CHAIN - 1) / CHAIN;
  localparam int unsigned HEAD = SIMD - (CHAIN - 1) * CHAINS;  // elements of place 0

  for (genvar i = 0; i < PE; i++) begin : gen_pe
    assign data[i][HEAD-1:0] = word[i][HEAD-1:0];
    for (genvar k = 1; k < CHAIN; k++) begin : gen_place
      localparam int unsigned FROM = HEAD + (k - 1) * CHAINS;
      logic [k-1:0][CHAINS*BITS-1:0] late_q;
      always_ff @(posedge clk) late_q <= (k * CHAINS * BITS)'({late_q, word[i][FROM+:CHAINS]});
      assign data[i][FROM+:CHAINS] = late_q[k-1];
    end
  end

  if (CHAIN == 1) begin : gen_one_place
    logic unused;
    assign unused = &{1'b0, clk};
  end

endmodule
