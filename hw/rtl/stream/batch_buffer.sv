// SPDX-License-Identifier: Apache-2.0
// A batch of images that comes tile by tile and leaves image by image, as often as wanted.
//
//   out[r][b][p][t*TW + w] = in[t][b][p][w],   TW = WORDS / TILES words of a tile's pixel, r < TIMES
//
// In:  of each tile t of channels all BATCH images b, of each its PIXELS p, TW words each. With TILES = 1 images
//      in raster order. Out: TIMES times the batch, images in raster order with all their words.
// A batch comes while the one before leaves. II = 1 on both sides, so a batch takes the longer of
// BATCH*PIXELS*WORDS and TIMES times as many cycles; latency: 3 cycles from a batch's last word to its first.
// tvalid and s_axis_tready are registers. A reset forgets every word.
module batch_buffer #(
    parameter int unsigned BATCH = 2,    // images
    parameter int unsigned PIXELS = 4,   // of an image
    parameter int unsigned WORDS = 4,    // of a pixel
    parameter int unsigned TILES = 2,    // in which a pixel's words come
    parameter int unsigned TIMES = 1,    // that a batch leaves
    parameter int unsigned WIDTH = 8,    // bits of a word
    /* verilator lint_off UNUSEDPARAM */
    parameter STYLE = "auto",            // ram_style
    /* verilator lint_on UNUSEDPARAM */
    localparam int unsigned BITS = (WIDTH + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,               // synchronous, active low

    input  logic [BITS-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [BITS-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (WORDS % TILES != 0) begin : gen_bad_tiles
    $error("batch_buffer: TILES=%0d does not divide WORDS=%0d", TILES, WORDS);
  end

  localparam int unsigned PART = WORDS / TILES;         // words of a pixel in a tile
  localparam int unsigned ALL = BATCH * PIXELS;         // pixels
  localparam int unsigned HALF = ALL * WORDS;           // words of a batch
  localparam int unsigned AW = $clog2(2 * HALF);
  localparam int unsigned PW = $clog2(PART + 1), LW = $clog2(ALL + 1), TW = $clog2(TILES + 1);
  localparam int unsigned RW = $clog2(TIMES + 1);

  (* ram_style = STYLE *) logic [WIDTH-1:0] memory[2*HALF];

  // ---- what is held: 0, 1 or 2 batches ---------------------------------------------------------------------
  logic [1:0] held_q, held;
  logic some_q, batch_in, batch_out;
  assign held = held_q + 2'(batch_in) - 2'(batch_out);
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      held_q <= '0;
      some_q <= 1'b0;
      s_axis_tready <= 1'b1;
    end else begin
      held_q <= held;
      some_q <= held != 0;
      s_axis_tready <= held != 2;
    end
  end

  // ---- writing: a tile's words of a pixel, of all pixels, of all tiles --------------------------------------
  logic [AW-1:0] write_q;
  logic [PW-1:0] part_q;
  logic [LW-1:0] pixel_q;
  logic [TW-1:0] tile_q;
  logic half_q, write, part_last, pixel_last, tile_last;
  assign write = s_axis_tvalid && s_axis_tready;
  assign part_last = part_q == PW'(PART - 1);
  assign pixel_last = pixel_q == LW'(ALL - 1);
  assign tile_last = tile_q == TW'(TILES - 1);
  assign batch_in = write && part_last && pixel_last && tile_last;

  always_ff @(posedge ap_clk) begin
    if (write) memory[write_q] <= s_axis_tdata[WIDTH-1:0];
    if (!ap_rst_n) begin
      write_q <= '0;
      part_q <= '0;
      pixel_q <= '0;
      tile_q <= '0;
      half_q <= 1'b0;
    end else if (write) begin
      part_q <= part_last ? '0 : part_q + 1'b1;
      if (part_last) pixel_q <= pixel_last ? '0 : pixel_q + 1'b1;
      if (part_last && pixel_last) tile_q <= tile_last ? '0 : tile_q + 1'b1;
      if (batch_in) half_q <= !half_q;
      if (batch_in) write_q <= half_q ? '0 : AW'(HALF);
      else if (!part_last) write_q <= write_q + 1'b1;
      else if (!pixel_last) write_q <= write_q + AW'(WORDS - PART + 1);
      else write_q <= write_q - AW'(HALF - WORDS - 1);
    end
  end

  // ---- reading: word by word, over again -----------------------------------------------------------------------
  logic [AW-1:0] read_q;
  logic [RW-1:0] times_q;
  logic read_half_q, end_q, read, step, valid1_q, again, times_last;
  logic [WIDTH-1:0] word1_q, word_q;
  assign step = !m_axis_tvalid || m_axis_tready;
  assign read = some_q && (!valid1_q || step);
  assign times_last = times_q == RW'(TIMES - 1);
  assign again = read && end_q;
  assign batch_out = again && times_last;

  always_ff @(posedge ap_clk) begin
    if (read) word1_q <= memory[read_q];
    if (step) word_q <= word1_q;
    if (!ap_rst_n) begin
      read_q <= '0;
      end_q <= HALF == 1;
      times_q <= '0;
      read_half_q <= 1'b0;
      valid1_q <= 1'b0;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (read) begin
        end_q <= HALF == 1 || read_q == (read_half_q ? AW'(2 * HALF - 2) : AW'(HALF - 2));
        if (!end_q) read_q <= read_q + 1'b1;
        else read_q <= read_half_q == times_last ? '0 : AW'(HALF);
      end
      if (again) times_q <= times_last ? '0 : times_q + 1'b1;
      if (batch_out) read_half_q <= !read_half_q;
      if (step) m_axis_tvalid <= valid1_q;
      if (read) valid1_q <= 1'b1;
      else if (step) valid1_q <= 1'b0;
    end
  end
  assign m_axis_tdata = BITS'(word_q);

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
