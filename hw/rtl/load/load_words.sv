// SPDX-License-Identifier: Apache-2.0
// A stage of the chain that loads memories: takes its own bytes, as words to write, and passes on the rest.
//
//   word `address` = the bytes address*BYTES .. address*BYTES + BYTES-1 behind `first`, the first one lowest
//
// The chain carries {first, valid, byte}: `first` comes alone, before the first byte, and makes every stage begin
// anew; each keeps the next DEPTH * BYTES bytes that reach it. A stage is one register of the chain, and never
// waits: II = 1 byte. A word is written 2 cycles after its last byte came. What comes before the first `first` is
// written anywhere. Bytes enter the word at its top and move down, so that no net of it is wide.
module load_words #(
    parameter int unsigned WIDTH = 8,  // bits of a word; what its bytes have beyond is dropped
    parameter int unsigned DEPTH = 4,  // words
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic clk,
    input  logic [9:0] load_in,
    output logic [9:0] load_out,
    output logic write,
    output logic [AW-1:0] address,
    output logic [WIDTH-1:0] data
);

  localparam int unsigned BYTES = (WIDTH + 7) / 8;
  localparam int unsigned PW = BYTES > 1 ? $clog2(BYTES) : 1;

  logic first, valid, taken, full_q, word_end;
  logic [AW-1:0] word_q, word1_q;
  assign first = load_in[9];
  assign valid = load_in[8];
  assign taken = valid && !full_q;

  (* max_fanout = 128 *) logic take_q;  // moves the whole word
  logic end_q;
  logic [8*BYTES-1:0] bytes_q;
  always_ff @(posedge clk) begin
    load_out <= {first, valid && full_q, load_in[7:0]};
    take_q <= taken;
    if (first) full_q <= 1'b0;
    else if (taken && word_end && word_q == AW'(DEPTH - 1)) full_q <= 1'b1;
    if (first) word_q <= '0;
    else if (taken && word_end) word_q <= word_q + 1'b1;
    if (take_q) bytes_q <= (8 * BYTES)'({load_out[7:0], bytes_q} >> 8);
    {write, end_q} <= {end_q, taken && word_end};
    {address, word1_q} <= {word1_q, word_q};
  end
  assign data = bytes_q[WIDTH-1:0];

  if (BYTES > 1) begin : gen_place
    logic [PW-1:0] place_q;  // of the next byte in its word
    assign word_end = place_q == PW'(BYTES - 1);
    always_ff @(posedge clk)
      if (first || (taken && word_end)) place_q <= '0;
      else if (taken) place_q <= place_q + 1'b1;
  end else begin : gen_byte
    assign word_end = 1'b1;
  end

endmodule
