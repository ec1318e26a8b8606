// SPDX-License-Identifier: Apache-2.0
// Weights that come while others are in use: two banks, each of a tile of output channels.
//
//   data = word `address` of the tile in use,   3 cycles later, II = 1, as weight_ram
//
// The stream: tile by tile, over again in each round of TILES, a tile's words in the order of their addresses. A word
// wider than a beat takes whole beats, its low bits first; others lie side by side in a beat, each in a place of a
// power of two of bits, and a tile begins in a beat of its own. tlast comes with a round's last beat: where it
// comes with another, or not with that, `error` stays until a reset and no further weights are taken: that tile
// never begins.
// A tile begins (`begun`) once `full` says that its words are there. `used` says, in the cycle of a tile's last
// read or later, that its bank may be written again READ_LAG cycles on.
// Cycles of a tile from a stream that never waits: the longer of its beats and its words. tready leaves a register,
// or one gate behind it.
module weight_tiles #(
    parameter int unsigned WIDTH = 8,       // bits of a word
    parameter int unsigned DEPTH = 4,       // words of a tile
    parameter int unsigned TILES = 2,       // of a round
    parameter int unsigned BEAT = 64,       // bits of a beat, a power of two
    parameter STYLE = "distributed",        // see weight_ram
    parameter int unsigned READ_LAG = 6,    // cycles from a step to the read of its word, at least
    localparam int unsigned PLACE = WIDTH > BEAT ? BEAT : 1 << $clog2(WIDTH),  // bits of a word in a beat
    localparam int unsigned RATIO = BEAT / PLACE,                              // words of a beat
    localparam int unsigned PARTS = (WIDTH + BEAT - 1) / BEAT,                 // beats of a word
    localparam int unsigned BANK = (DEPTH + RATIO - 1) / RATIO * RATIO,        // words of a bank
    localparam int unsigned AW = $clog2(2 * BANK)
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                  // synchronous, active low

    input  logic [BEAT-1:0] s_axis_tdata,
    input  logic s_axis_tlast,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,
    output logic error,                     // tlast came elsewhere than at a round's end

    output logic full,                      // a tile is there that has not begun
    input  logic begun,
    input  logic used,                      // the last read of a tile
    input  logic [AW-1:0] address,          // of a word; BANK more in the second bank
    output logic [WIDTH-1:0] data
);

  localparam int unsigned BEATS = BANK / RATIO * PARTS;  // of a tile
  localparam int unsigned ROUND = BEATS * TILES;
  localparam int unsigned RW = $clog2(ROUND + 1);
  localparam int unsigned WORD = PARTS > 1 ? PARTS * BEAT : PLACE;

  if (BEAT % PLACE != 0) begin : gen_bad_beat
    $error("weight_tiles: BEAT=%0d is no power of two", BEAT);
  end

  // ---- beats, and where a round ends ------------------------------------------------------------------------
  logic [RW-1:0] beat_q;
  logic round_end, beat, ready;
  assign s_axis_tready = ready && !error;
  assign beat = s_axis_tvalid && s_axis_tready;
  assign round_end = beat_q == RW'(ROUND - 1);
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      beat_q <= '0;
      error <= 1'b0;
    end else if (beat) begin
      beat_q <= round_end ? '0 : beat_q + 1'b1;
      error <= s_axis_tlast != round_end;
    end
  end

  // ---- words ------------------------------------------------------------------------------------------------
  logic [(WORD+7)/8*8-1:0] word;
  logic word_valid, word_ready, write;
  if (PARTS > 1) begin : gen_up
    width_convert #(.IN_ELEMS(1), .OUT_ELEMS(PARTS), .ELEM_BITS(BEAT)) words (
        .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(beat),
        .s_axis_tready(ready), .m_axis_tdata(word), .m_axis_tvalid(word_valid), .m_axis_tready(word_ready));
  end else begin : gen_down
    width_convert #(.IN_ELEMS(RATIO), .OUT_ELEMS(1), .ELEM_BITS(PLACE)) words (
        .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(beat),
        .s_axis_tready(ready), .m_axis_tdata(word), .m_axis_tvalid(word_valid), .m_axis_tready(word_ready));
  end

  // ---- banks: filled by turns -------------------------------------------------------------------------------
  logic [AW-1:0] write_q;
  logic [1:0] held_q, held, waiting_q, waiting;  // tiles that are full and not used up; that have not begun
  logic room_q, bank_end, tile_end, free;
  assign word_ready = room_q && !error;
  assign write = word_valid && word_ready;
  assign bank_end = write_q == AW'(BANK - 1) || write_q == AW'(2 * BANK - 1);
  assign tile_end = write && bank_end;
  assign held = held_q + 2'(tile_end) - 2'(free);
  assign waiting = waiting_q + 2'(tile_end) - 2'(begun);

  logic [READ_LAG-1:0] used_q;
  assign free = used_q[READ_LAG-1];
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      write_q <= '0;
      held_q <= '0;
      waiting_q <= '0;
      room_q <= 1'b1;
      full <= 1'b0;
      used_q <= '0;
    end else begin
      if (write) write_q <= write_q == AW'(2 * BANK - 1) ? '0 : write_q + 1'b1;
      held_q <= held;
      waiting_q <= waiting;
      room_q <= held != 2;
      full <= waiting != 0;
      used_q <= READ_LAG'({used_q, used});
    end
  end

  weight_ram #(.WIDTH(WIDTH), .DEPTH(2 * BANK), .STYLE(STYLE)) ram (
      .clk(ap_clk), .address(address), .data(data), .write(write), .write_address(write_q),
      .write_data(word[WIDTH-1:0]));

  logic unused;  // padding
  assign unused = &{1'b0, word};

endmodule
