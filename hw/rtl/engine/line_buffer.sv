// SPDX-License-Identifier: Apache-2.0
// Ring of image rows that the input fills, from which TY x TX neighbouring pixels are read per cycle.
//
// In:   pixels in raster order, SF words each of SIMD channels, channel 0 first and in the low bits.
// Out:  x[dy][dx] = SIMD channels of the pixel dy*RY rows above and dx*RX columns left of the one asked for, zero
//       where the mask says so; LATENCY = 6 cycles after the request, 7 for more than one pixel. II = 1.
// Row y of an image lies in bank y mod TY, column x in bank x mod TX: the pixels asked for are never two in a
// bank, as RY and TY have no divisor in common, nor RX and TX. A row's index is group*TY + place, a column's
// group*TX + place. Each image starts at place 0.
// A dropped group of rows is free for writing 4 cycles later: by then the reads before it are done. tready is a
// register.
module line_buffer #(
    parameter int unsigned H = 4,           // rows of an image
    parameter int unsigned W = 4,           // columns of an image
    parameter int unsigned TY = 1,          // rows read at once
    parameter int unsigned TX = 1,          // columns read at once
    parameter int unsigned SF = 1,          // words of a pixel
    parameter int unsigned XW = 8,          // bits of a word
    parameter int unsigned ROWS = 3,        // rows held, a multiple of TY
    /* verilator lint_off UNUSEDPARAM */
    parameter STYLE = "auto",               // ram_style
    /* verilator lint_on UNUSEDPARAM */
    parameter int unsigned RY = 1,          // rows from one of the pixels asked for up to the next
    parameter int unsigned RX = 1,          // columns to the left
    parameter int unsigned JYW = 2,         // bits of `up`
    parameter int unsigned JXW = 2,         // bits of `left`
    parameter int unsigned GYW = 2,         // bits of `group_y`
    parameter int unsigned GXW = 2,         // bits of `group_x`
    localparam int unsigned SFW = $clog2(SF + 1),
    localparam int unsigned IW = $clog2((H + TY - 1) / TY * TY + 1)
) (
    input  logic ap_clk,
    input  logic ap_rst_n,               // synchronous, active low

    input  logic [XW-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [IW-1:0] arrived,       // rows that are complete from the next cycle on
    input  logic load,                   // take over how many rows, in whole groups, the next...
    input  logic [IW-1:0] drop,
    input  logic drop_en,                // ...drop is of; this cycle's read was the last that needed them

    input  logic [GYW-1:0] group_y,      // row group of the pixel, from the oldest kept, before going up...
    input  logic [JYW-1:0] up,           // ...by so many times RY groups
    input  logic [GXW-1:0] group_x,      // column group, from the first, before going left...
    input  logic [JXW-1:0] left,         // ...by so many times RX groups
    input  logic [SFW-1:0] sf,           // word of the pixel
    input  logic [$clog2(TY+1)-1:0] place_y,
    input  logic [$clog2(TX+1)-1:0] place_x,
    input  logic [TY-1:0] mask_y,        // rows above that count; none where nothing is asked for
    input  logic [TX-1:0] mask_x,        // columns to the left that count

    output logic [TY-1:0][TX-1:0][XW-1:0] x
);

  localparam int unsigned SLOTS = ROWS / TY;
  localparam int unsigned ROW_WORDS = (W + TX - 1) / TX * SF;  // of one row, in one bank
  localparam int unsigned WORDS = SLOTS * ROW_WORDS;
  localparam int unsigned PADDING = (TY - H % TY) % TY;        // rows that fill an image's last group
  localparam int unsigned BW = $clog2(2 * WORDS + 1) + 1;      // one bit more keeps every constant representable
  localparam int unsigned AW = WORDS > 1 ? $clog2(WORDS) : 1;
  localparam int unsigned RW = $clog2(ROWS + 1) + 1;
  localparam int unsigned FULL = 2 ** (RW - 1) - 1;

  // ---- writing -----------------------------------------------------------------------------------
  logic [BW-1:0] slot_q, column_q;             // first words of the row and of the column's pixels
  logic [SFW-1:0] word_q;
  logic [$clog2(TX+1)-1:0] bank_x_q;
  logic [$clog2(TY+1)-1:0] bank_y_q;
  logic [$clog2(W+1)-1:0] x_q;
  logic [$clog2(H+1)-1:0] y_q;
  logic word_last_q, x_last_q, y_last_q;       // the counter of that name is at its end
  logic [RW-1:0] room_q;                       // rows that may still come + FULL: its top bit is tready
  logic [RW-1:0] drop_q;
  logic [2:0][RW-1:0] free_pipe_q;
  logic write, pixel_done, row_done, group_x_done, group_y_done, image_done;

  assign s_axis_tready = room_q[RW-1];
  assign write = s_axis_tvalid && s_axis_tready;
  assign pixel_done = write && word_last_q;
  assign row_done = pixel_done && x_last_q;
  assign image_done = row_done && y_last_q;
  assign group_x_done = x_last_q || bank_x_q == $bits(bank_x_q)'(TX - 1);
  assign group_y_done = y_last_q || bank_y_q == $bits(bank_y_q)'(TY - 1);
  assign arrived = !row_done ? '0 : PADDING != 0 && image_done ? IW'(1 + PADDING) : IW'(1);

  always_ff @(posedge ap_clk) begin
    if (load) drop_q <= RW'(drop);
    if (!ap_rst_n) begin
      slot_q <= '0;
      column_q <= '0;
      word_q <= '0;
      bank_x_q <= '0;
      bank_y_q <= '0;
      x_q <= '0;
      y_q <= '0;
      word_last_q <= SF == 1;
      x_last_q <= W == 1;
      y_last_q <= H == 1;
      room_q <= RW'(FULL + ROWS);
      free_pipe_q <= '0;
    end else begin
      free_pipe_q <= {free_pipe_q[1:0], drop_en ? drop_q : '0};
      room_q <= room_q - RW'(arrived) + free_pipe_q[2];
      if (write) begin
        word_q <= word_last_q ? '0 : word_q + 1'b1;
        word_last_q <= SF == 1 || (!word_last_q && word_q == SFW'(SF - 2));
      end
      if (pixel_done) begin
        x_q <= x_last_q ? '0 : x_q + 1'b1;
        x_last_q <= W == 1 || (!x_last_q && x_q == $bits(x_q)'(W - 2));
        bank_x_q <= group_x_done ? '0 : bank_x_q + 1'b1;
        if (group_x_done) column_q <= x_last_q ? '0 : column_q + BW'(SF);
      end
      if (row_done) begin
        y_q <= y_last_q ? '0 : y_q + 1'b1;
        y_last_q <= H == 1 || (!y_last_q && y_q == $bits(y_q)'(H - 2));
        bank_y_q <= group_y_done ? '0 : bank_y_q + 1'b1;
        if (group_y_done) slot_q <= slot_q == BW'(WORDS - ROW_WORDS) ? '0 : slot_q + BW'(ROW_WORDS);
      end
    end
  end

  // ---- stages 1 to 4: addresses ------------------------------------------------------------------
  // A bank whose place is beyond the asked pixel's holds the wanted neighbour one group further up or left, and
  // more where pixels lie further apart.
  function automatic int unsigned beyond(int unsigned place, int unsigned bank, int unsigned par,
                                         int unsigned reach);
    beyond = 0;
    for (int unsigned d = 0; d < par; d++)
      if ((bank + d * reach) % par == place % par) beyond = (bank + d * reach - place) / par;
  endfunction
  logic [BW-1:0] base_q, base_sum, base_over;  // first word of the oldest row kept
  logic [BW-1:0] step_q, over_q;               // how far a drop moves it, and beyond the end of the ring
  assign base_sum = base_q + step_q;
  assign base_over = base_q + over_q;

  logic [BW-1:0] row1_q, up1_q, col1_q, left1_q, row2_q, col2_q;
  logic [5:0][$clog2(TY+1)-1:0] place_y_q;  // [n]: of the request n + 1 cycles ago
  logic [5:0][$clog2(TX+1)-1:0] place_x_q;
  localparam int unsigned MASKS = TY * TX > 1 ? 6 : 5;      // cycles until the mask is applied
  (* max_fanout = 256, shreg_extract = "no" *) logic [MASKS-1:0][TY-1:0] mask_y_q;
  logic [5:0][TX-1:0] mask_x_q;

  always_ff @(posedge ap_clk) begin
    if (load) begin
      step_q <= BW'(32'(drop) / TY * ROW_WORDS);
      over_q <= BW'(32'(drop) / TY * ROW_WORDS) - BW'(WORDS);
    end
    if (!ap_rst_n) base_q <= '0;
    else if (drop_en) base_q <= base_over[BW-1] ? base_sum : base_over;
    row1_q  <= base_q + BW'(32'(group_y) * ROW_WORDS);
    up1_q   <= BW'(32'(up) * RY * ROW_WORDS);
    col1_q  <= BW'(32'(group_x) * SF) + BW'(sf);
    left1_q <= BW'(32'(left) * RX * SF);
    row2_q  <= row1_q - up1_q;
    col2_q  <= col1_q - left1_q;
    place_y_q <= {place_y_q[4:0], place_y};
    place_x_q <= {place_x_q[4:0], place_x};
    mask_y_q  <= {mask_y_q[MASKS-2:0], mask_y};
    mask_x_q  <= {mask_x_q[4:0], mask_x};
  end

  // ---- the banks: stages 3 to 6 --------------------------------------------------------------------
  logic [TY-1:0][TX-1:0][XW-1:0] bank_x6_q;
  for (genvar by = 0; by < TY; by++) begin : gen_y
    logic [BW-1:0] row, row3_q;
    logic [RY:1] above, above1_q, above2_q;  // [r]: the bank's row is r groups further up
    for (genvar r = 1; r <= RY; r++) begin : gen_above
      logic [TY-1:0] places;  // of the pixel asked for, with which it is
      for (genvar p = 0; p < TY; p++) begin : gen_place
        localparam bit FURTHER = beyond(p, by, TY, RY) == r;
        assign places[p] = FURTHER && int'(place_y) == p;
      end
      assign above[r] = |places;
    end
    always_comb begin
      row = row2_q;
      for (int unsigned r = 1; r <= RY; r++) row = row - (above2_q[r] ? BW'(r * ROW_WORDS) : '0);
    end
    always_ff @(posedge ap_clk) begin
      above1_q <= above;
      above2_q <= above1_q;
      row3_q  <= row >= BW'(WORDS) ? row - BW'(WORDS) : row;
    end

    for (genvar bx = 0; bx < TX; bx++) begin : gen_x
      logic [BW-1:0] col3_q;
      (* max_fanout = 256, shreg_extract = "no" *) logic [AW-1:0] read4_q;  // drives every LUT RAM
      logic [BW-1:0] col;
      logic [RX:1] further, further1_q, further2_q;  // [r]: the bank's column is r groups further left
      for (genvar r = 1; r <= RX; r++) begin : gen_further
        logic [TX-1:0] places;
        for (genvar p = 0; p < TX; p++) begin : gen_place
          localparam bit FURTHER = beyond(p, bx, TX, RX) == r;
          assign places[p] = FURTHER && int'(place_x) == p;
        end
        assign further[r] = |places;
      end
      always_comb begin
        col = col2_q;
        for (int unsigned r = 1; r <= RX; r++) col = col - (further2_q[r] ? BW'(r * SF) : '0);
      end
      always_ff @(posedge ap_clk) begin
        further1_q <= further;
        further2_q <= further1_q;
        col3_q    <= col;
        read4_q  <= AW'(row3_q + col3_q);
      end

      logic [BW-1:0] write1_q;
      logic [XW-1:0] data1_q, x5_q;
      logic write1_en_q;
      (* ram_style = STYLE *) logic [XW-1:0] memory[WORDS];
      always_ff @(posedge ap_clk) begin
        write1_en_q <= write && 32'(bank_y_q) == by && 32'(bank_x_q) == bx;
        write1_q <= slot_q + column_q + BW'(word_q);
        data1_q <= s_axis_tdata;
        if (write1_en_q) memory[write1_q[AW-1:0]] <= data1_q;
        x5_q <= memory[read4_q];
        bank_x6_q[by][bx] <= TY * TX > 1 || mask_y_q[MASKS-1][0] ? x5_q : '0;
      end

      logic unused;  // the bits that keep constants representable
      assign unused = &{1'b0, write1_q};
    end
  end

  // ---- stage 7, for several pixels: neighbours into their places ----------------------------------------
  if (TY * TX == 1) begin : gen_one
    assign x = bank_x6_q;
  end else begin : gen_rotate
    for (genvar dy = 0; dy < TY; dy++) begin : gen_dy
      for (genvar dx = 0; dx < TX; dx++) begin : gen_dx
        logic [$clog2(TY+1)-1:0] from_y;
        logic [$clog2(TX+1)-1:0] from_x;
        localparam int BY = dy * int'(RY) % int'(TY);  // banks that its pixel lies back
        localparam int BX = dx * int'(RX) % int'(TX);
        assign from_y = place_y_q[5] - $bits(from_y)'(BY) + (int'(place_y_q[5]) < BY ? $bits(from_y)'(TY) : '0);
        assign from_x = place_x_q[5] - $bits(from_x)'(BX) + (int'(place_x_q[5]) < BX ? $bits(from_x)'(TX) : '0);
        always_ff @(posedge ap_clk)
          x[dy][dx] <= mask_y_q[MASKS-1][dy] && mask_x_q[5][dx] ? bank_x6_q[from_y][from_x] : '0;
      end
    end
  end

  logic unused;  // delays that only several pixels need
  assign unused = &{1'b0, place_y_q, place_x_q, mask_y_q, mask_x_q};

endmodule
