// SPDX-License-Identifier: Apache-2.0
// What line_buffer promises of any word of any row, for any stalls and any reads of rows that have come and were not
// dropped. That deconv asks for no others is deconv_walk_properties.
module line_buffer_properties #(
    parameter int unsigned H = 2,
    parameter int unsigned W = 2,
    parameter int unsigned TY = 1,
    parameter int unsigned TX = 1,
    parameter int unsigned SF = 1,
    parameter int unsigned ROWS = 2,
    parameter int unsigned RY = 1,
    parameter int unsigned RX = 1,
    localparam int unsigned LATENCY = TY * TX > 1 ? 7 : 6,
    localparam int unsigned PADDED = (H + TY - 1) / TY * TY,
    localparam int unsigned IW = $clog2(PADDED + 1),
    localparam int unsigned GW = 2,
    localparam int unsigned PY = $clog2(TY + 1),
    localparam int unsigned PX = $clog2(TX + 1),
    localparam int unsigned SFW = $clog2(SF + 1)
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic s_axis_tdata,
    input logic s_axis_tvalid,
    input logic load,
    input logic [IW-1:0] drop,
    input logic drop_en,
    input logic [GW-1:0] group_y,
    input logic [GW-1:0] up,
    input logic [GW-1:0] group_x,
    input logic [GW-1:0] left,
    input logic [SFW-1:0] sf,
    input logic [PY-1:0] place_y,
    input logic [PX-1:0] place_x,
    input logic [TY-1:0] mask_y,
    input logic [TX-1:0] mask_x,
    input logic watch                // the word that is written now
);

  typedef logic signed [4:0] count_t;

  logic ap_rst_n, s_axis_tready, push;
  logic [IW-1:0] arrived;
  logic [TY-1:0][TX-1:0] x;
  assign push = s_axis_tvalid && s_axis_tready;

  any_reset resets (.again(reset), .*);
  line_buffer #(.H(H), .W(W), .TY(TY), .TX(TX), .SF(SF), .XW(1), .ROWS(ROWS), .RY(RY), .RX(RX), .JYW(GW), .JXW(GW),
                .GYW(GW), .GXW(GW)) dut (.*);

  // Where the next word belongs, and how many rows are held: those of a last group that no input fills count too.
  count_t word_q, column_q, row_q, held_q, drop_q, came;
  logic word_last, row_last, image_last;
  assign word_last = word_q == count_t'(SF - 1);
  assign row_last = push && word_last && column_q == count_t'(W - 1);
  assign image_last = row_last && row_q == count_t'(H - 1);
  assign came = image_last ? count_t'(PADDED - H + 1) : count_t'(row_last);

  // A word that is watched: its place, counted from the oldest row, and what was written.
  logic watching_q, value_q, loaded_q;
  count_t its_row_q, its_column_q, its_word_q;
  logic [5:0] its_address_q;  // in the memory of its bank
  logic [PY-1:0] its_bank_y_q;
  logic [PX-1:0] its_bank_x_q;
  logic [TY-1:0][TX-1:0] overwrites;

  // What is read: whether it may be asked for, whether it is the word that is watched.
  logic [TY-1:0][TX-1:0] asked, allowed, its;
  for (genvar dy = 0; dy < TY; dy++) begin : gen_y
    for (genvar dx = 0; dx < TX; dx++) begin : gen_x
      count_t row, column;
      assign row = (count_t'(group_y) - count_t'(up) * count_t'(RY)) * count_t'(TY) + count_t'(place_y)
          - count_t'(dy * RY);
      assign column = (count_t'(group_x) - count_t'(left) * count_t'(RX)) * count_t'(TX) + count_t'(place_x)
          - count_t'(dx * RX);
      assign asked[dy][dx] = mask_y[dy] && mask_x[dx];
      assign allowed[dy][dx] = row >= 0 && row < held_q && column >= 0 && column < count_t'(W);
      assign its[dy][dx] = asked[dy][dx] && watching_q && row == its_row_q && column == its_column_q
          && count_t'(sf) == its_word_q;
      assign overwrites[dy][dx] = dut.gen_y[dy].gen_x[dx].write1_en_q && its_bank_y_q == PY'(dy)
          && its_bank_x_q == PX'(dx) && 6'(dut.gen_y[dy].gen_x[dx].write1_q) == its_address_q;
    end
  end
  logic [LATENCY-1:0][TY-1:0][TX-1:0] asked_q, its_q;

  stream_within #(.CYCLES(4)) taking (.wanted(held_q < count_t'(ROWS)), .comes(s_axis_tready), .*);

  always_ff @(posedge ap_clk) begin
    if (load) drop_q <= count_t'(drop);
    if (!ap_rst_n) begin
      {word_q, column_q, row_q, held_q} <= '0;
      {watching_q, its_q, loaded_q} <= '0;
      asked_q <= '1;  // what was on its way when the reset came may come out yet
    end else begin
      if (load) loaded_q <= 1'b1;
      if (push) word_q <= word_last ? '0 : word_q + 1'b1;
      if (push && word_last) column_q <= row_last ? '0 : column_q + 1'b1;
      if (row_last) row_q <= image_last ? '0 : row_q + 1'b1;
      held_q <= held_q + came - (drop_en ? drop_q : '0);
      asked_q <= {asked_q[LATENCY-2:0], asked};
      its_q <= {its_q[LATENCY-2:0], its};
      if (push && watch && !watching_q) begin
        watching_q <= 1'b1;
        value_q <= s_axis_tdata;
        {its_row_q, its_column_q, its_word_q} <= {held_q - (drop_en ? drop_q : '0), column_q, word_q};
        its_address_q <= 6'(dut.slot_q) + 6'(dut.column_q) + 6'(dut.word_q);
        {its_bank_y_q, its_bank_x_q} <= {dut.bank_y_q, dut.bank_x_q};
      end else if (drop_en && its_row_q >= 0) its_row_q <= its_row_q - drop_q;  // below 0: dropped
    end
    if (ap_rst_n) begin
      asks : assume ((asked & ~allowed) == '0);
      in_image : assume (mask_x != '0 && place_y < PY'(TY) && place_x < PX'(TX) && sf < SFW'(SF));
      drops : assume (!drop_en || (loaded_q && drop_q <= held_q && drop_q % count_t'(TY) == 0));
      unchanged : assert ((its_q[LATENCY-1] & (x ^ {TY*TX{value_q}})) == '0)
      else $error("%m: a row was written over before it was dropped");
      after : assert (its_q[3] == '0 || overwrites == '0)
      else $error("%m: a word was written over in the cycle in which it was read");
      masked : assert ((x & ~asked_q[LATENCY-1]) == '0) else $error("%m: what was not asked for is not 0");
      counted : assert (count_t'(arrived) == came) else $error("%m: a row that came is not counted");
      capacity : assert (held_q <= count_t'(ROWS)) else $error("%m: more rows are held than there is room for");
      full : cover (held_q == count_t'(ROWS) && its_q[LATENCY-1] != '0);
    end
  end

endmodule
