// SPDX-License-Identifier: Apache-2.0
// An image whose every pixel is one of another's: borders that repeat or mirror it, pixels left out or repeated.
//
//   y[oy][ox] = x[row of oy][column of ox],  as two tables say
//
// In:  pixels in raster order, CF words each. Out: OH*OW pixels in raster order, CF words each.
// II = 1 as long as the rows that an output row and those before it read have arrived. Rows of the next image
// arrive while this one leaves, as far as there is room. Latency: from the last needed input word 10 cycles to the
// output.
module pixel_select #(
    parameter int unsigned H = 4,        // input rows
    parameter int unsigned W = 4,        // input columns
    parameter int unsigned OH = 4,       // output rows
    parameter int unsigned OW = 4,       // output columns
    parameter int unsigned CF = 1,       // words of a pixel
    parameter int unsigned WIDTH = 8,    // bits of a word
    parameter int unsigned ROWS = 2,     // rows held
    parameter ROW_TABLE = "",            // hex file: for each output row {drop, more, row}, IW bits each
    parameter COLUMN_TABLE = "",         // hex file: for each output column its input column
    parameter BUFFER_STYLE = "auto",     // ram_style of the held rows
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

  localparam int unsigned IW = $clog2(H + 1), XW = $clog2(W + 1), SFW = $clog2(CF + 1);
  localparam int unsigned RW = $clog2(ROWS + H + 1) + 1;
  localparam int unsigned STAGES = 6;    // from the issued step to its word
  // Words that wait: more than are on their way. One more waits in the queue's last register, which makes up for
  // the cycle that a credit takes.
  localparam int unsigned QUEUE = 32;
  localparam int unsigned CREDITS = QUEUE + 1;
  localparam int unsigned CW = $clog2(CREDITS) + 1;

  // ---- the walk: rows, columns, words ------------------------------------------------------------------
  logic [IW-1:0] row, more, drop;        // counted from the oldest row held; see tap_axis
  logic [XW-1:0] column;
  logic [SFW-1:0] word_q;
  logic word_last_q, column_last, row_end, advance;
  assign row_end = word_last_q && column_last;

  /* verilator lint_off PINCONNECTEMPTY */
  table_walk #(.WIDTH(3 * IW), .DEPTH(OH), .FILE(ROW_TABLE)) rows (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .next(advance && row_end), .entry({drop, more, row}), .last());
  /* verilator lint_on PINCONNECTEMPTY */
  table_walk #(.WIDTH(XW), .DEPTH(OW), .FILE(COLUMN_TABLE)) columns (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .next(advance && word_last_q), .entry(column), .last(column_last));

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      word_q <= '0;
      word_last_q <= CF == 1;
    end else if (advance) begin
      word_q <= word_last_q ? '0 : word_q + 1'b1;
      word_last_q <= CF == 1 || (!word_last_q && word_q == SFW'(CF - 2));
    end
  end

  // ---- the step to issue ---------------------------------------------------------------------------------
  logic step_valid_q, row_end_q, issue, taken, taken_q;
  logic [IW-1:0] step_row_q, arrived;
  logic [XW-1:0] step_column_q;
  logic [SFW-1:0] step_word_q;
  logic signed [CW-1:0] credit_q;        // places in the queue, less 1
  logic signed [RW-1:0] surplus_q;       // rows that have arrived, less those that the step to issue needs

  assign issue = step_valid_q && !surplus_q[RW-1] && !credit_q[CW-1];
  assign advance = !step_valid_q || issue;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      step_valid_q <= 1'b0;
      row_end_q <= 1'b1;  // so that the first step counts what its row needs
      surplus_q <= '0;
      credit_q <= CW'(CREDITS - 1);
      taken_q <= 1'b0;
    end else begin
      step_valid_q <= 1'b1;
      if (advance) row_end_q <= row_end;
      surplus_q <= surplus_q + RW'(arrived) - (advance && row_end_q ? RW'(more) : '0);
      credit_q <= credit_q - CW'(issue) + CW'(taken_q);
      taken_q <= taken;
    end
    if (advance) begin
      step_row_q <= row;
      step_column_q <= column;
      step_word_q <= word_q;
    end
  end

  // ---- its word ------------------------------------------------------------------------------------------
  logic [WIDTH-1:0] x;
  line_buffer #(.H(H), .W(W), .SF(CF), .XW(WIDTH), .ROWS(ROWS), .STYLE(BUFFER_STYLE), .JYW(1), .JXW(1), .GYW(IW),
                .GXW(XW)) buffer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_tdata[WIDTH-1:0]), .s_axis_tvalid(s_axis_tvalid),
      .s_axis_tready(s_axis_tready), .arrived(arrived), .load(advance), .drop(drop), .drop_en(issue && row_end_q),
      .group_y(step_row_q), .up(1'b0), .group_x(step_column_q), .left(1'b0), .sf(step_word_q), .place_y(1'b0),
      .place_x(1'b0), .mask_y(issue), .mask_x(1'b1), .x(x));

  logic [STAGES-1:0] issued_q;           // travels beside it
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) issued_q <= '0;
    else issued_q <= {issued_q[STAGES-2:0], issue};
  end

  // ---- the queue: a step is issued only when its word has a place -----------------------------------------
  logic [WIDTH-1:0] queue_data;
  logic queue_ready;
  fifo #(.WIDTH(WIDTH), .DEPTH(QUEUE)) queue (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(x), .s_axis_tvalid(issued_q[STAGES-1]),
      .s_axis_tready(queue_ready), .m_axis_tdata(queue_data), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));
  assign m_axis_tdata = BITS'(queue_data);
  assign taken = m_axis_tvalid && m_axis_tready;

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

`ifdef VERILATOR
  always_ff @(posedge ap_clk)
    if (ap_rst_n)
      assert (!issued_q[STAGES-1] || queue_ready) else $error("pixel_select: a word found no place in the queue");
`endif

endmodule
