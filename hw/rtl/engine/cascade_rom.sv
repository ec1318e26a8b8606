// SPDX-License-Identifier: Apache-2.0
// Weights of mvu_cascade: of the word at `address` the elements of place k of a chain, k cycles later.
//
//   data[i][s] = content of FILE_<k>.dat at the address of 3 + k cycles ago, k being the place of s
//
// No weight is delayed: each place has a memory of its own, which serves all chains of all PE, and its address
// comes later. II = 1. Places: see mvu_cascade.sv. FILE_<k>.dat has the elements of a word's place k in their
// order: of the first PE, the second, and so on. STYLE: see weight_rom.
module cascade_rom #(
    parameter int unsigned PE = 2,         // output channels, of all cores
    parameter int unsigned SIMD = 4,       // products of each
    parameter int unsigned CHAIN = 4,      // places
    parameter int unsigned BITS = 4,       // of a weight
    parameter int unsigned DEPTH = 4,      // words
    parameter FILE = "",                   // hex files, DEPTH lines each; without _<k>.dat
    parameter STYLE = "distributed",       // block or distributed
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic clk,
    input  logic [AW-1:0] address,
    output logic [PE-1:0][SIMD-1:0][BITS-1:0] data
);

  localparam int unsigned CHAINS = (SIMD + CHAIN - 1) / CHAIN;
  localparam int unsigned HEAD = SIMD - (CHAIN - 1) * CHAINS;  // elements of place 0

  logic [CHAIN-1:0][AW-1:0] at;  // addresses of the places
  assign at[0] = address;
  for (genvar k = 0; k < CHAIN; k++) begin : gen_place
    localparam int unsigned COUNT = k == 0 ? HEAD : CHAINS;
    localparam int unsigned FROM = k == 0 ? 0 : HEAD + (k - 1) * CHAINS;
    logic [PE-1:0][COUNT-1:0][BITS-1:0] word;
    weight_rom #(.WIDTH(PE * COUNT * BITS), .DEPTH(DEPTH), .FILE($sformatf("%s_%0d.dat", FILE, k)),
                 .STYLE(STYLE)) rom (
        .clk(clk), .address(at[k]), .data(word));
    for (genvar i = 0; i < PE; i++) begin : gen_pe
      assign data[i][FROM+:COUNT] = word[i];
    end
    if (k > 0) begin : gen_later
      (* shreg_extract = "no" *) logic [AW-1:0] address_q;
      always_ff @(posedge clk) address_q <= at[k-1];
      assign at[k] = address_q;
    end
  end

endmodule
