// SPDX-License-Identifier: Apache-2.0
// Transposed convolution without inserted zeros: each output pixel multiplies only the taps that it has.
//
//   acc[oy][ox][co] = sum over ky,kx,ci of x[iy][ix][ci] * w[ky][kx][co][ci],  oy + PH = iy*SH + ky, same for x
//
// In:  pixels in raster order, CI/SIMD words each, channel 0 first and in the low bits.
// Out: accumulators in raster order, CO/PE words each, ACC_WIDTH bits per element.
// Walk: oy, ox, neuron fold, ky, kx, synapse fold (innermost); one step per cycle (II = 1) as long as the rows
//   that the output row reads have arrived; taps outside the input are skipped, an output without any tap
//   takes one step per neuron fold. Rows of the next image arrive while this one is computed.
// Latency: from the last needed input word 7 cycles plus the compute core's to the first accumulator.
module deconv #(
    parameter int unsigned H = 4,            // input rows
    parameter int unsigned W = 4,            // input columns
    parameter int unsigned KH = 4,           // kernel rows
    parameter int unsigned KW = 4,           // kernel columns
    parameter int unsigned SH = 2,           // vertical stride (upsampling factor)
    parameter int unsigned SW = 2,           // horizontal stride
    parameter int unsigned PH = 1,           // rows cropped off at the top
    parameter int unsigned PW = 1,           // columns cropped off at the left
    parameter int unsigned OH = 8,           // output rows
    parameter int unsigned OW = 8,           // output columns
    parameter int unsigned CI = 4,           // input channels
    parameter int unsigned CO = 4,           // output channels
    parameter int unsigned SIMD = 2,         // input channels per cycle
    parameter int unsigned PE = 2,           // output channels per cycle
    parameter int unsigned ROWS = 3,         // rows in the line buffer
    parameter int unsigned ACT_WIDTH = 4,    // bits per input element
    parameter int unsigned WEIGHT_WIDTH = 4, // bits per weight (signed)
    parameter int unsigned ACC_WIDTH = 16,   // bits per accumulator (signed)
    parameter bit SIGNED_ACT = 0,            // input elements are signed
    /* verilator lint_off UNUSEDPARAM */
    parameter bit NARROW_WEIGHTS = 0,        // no weight is -2^(WEIGHT_WIDTH-1)
    parameter bit DSP_CORE = 1,              // 1: FINN's mvu (packed DSP48), 0: mvu_lut
    parameter int unsigned DSP_VERSION = 2,  // 1: DSP48E1, 2: DSP48E2
    parameter WEIGHTS = "",                  // hex file, KH*KW*NF*SF words, see WORDS
    parameter WEIGHT_STYLE = "auto",         // ram_style of the weight memory
    parameter BUFFER_STYLE = "auto",         // ram_style of the line buffer
    /* verilator lint_on UNUSEDPARAM */
    localparam int unsigned IN_BITS  = (SIMD * ACT_WIDTH + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (PE * ACC_WIDTH + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,               // synchronous, active low

    input  logic [IN_BITS-1:0] s_axis_tdata,   // SIMD channels of one pixel
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,  // PE accumulators of one pixel
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned SF = CI / SIMD;             // synapse fold
  localparam int unsigned NF = CO / PE;               // neuron fold
  localparam int unsigned ROW_WORDS = W * SF;
  localparam int unsigned BUFFER_WORDS = ROWS * ROW_WORDS;
  localparam int unsigned TAP_WORDS = NF * SF;        // weight words per tap
  localparam int unsigned WORDS = KH * KW * TAP_WORDS;
  localparam int unsigned CORE_LATENCY = (WEIGHT_WIDTH > 6 ? WEIGHT_WIDTH + 1 : 6) + $clog2(SIMD);  // at most
  localparam int unsigned IN_FLIGHT = 6 + CORE_LATENCY;           // steps between issue and result
  localparam int unsigned CREDITS = IN_FLIGHT / SF + 3;           // results in flight or queued

  if (CI % SIMD != 0) begin : gen_bad_simd
    $error("deconv: SIMD=%0d does not divide CI=%0d", SIMD, CI);
  end
  if (CO % PE != 0) begin : gen_bad_pe
    $error("deconv: PE=%0d does not divide CO=%0d", PE, CO);
  end

  // One bit more than needed keeps every constant representable.
  localparam int unsigned BW = $clog2(2 * BUFFER_WORDS) + 1;
  localparam int unsigned AW = $clog2(WORDS) + 1;
  localparam int unsigned RW = $clog2(ROWS + 1) + 1;
  localparam int unsigned OYW = $clog2(OH + 1), OXW = $clog2(OW + 1);
  localparam int unsigned IYW = $clog2(H + 1), IXW = $clog2(W + 1);
  localparam int unsigned KYW = $clog2(KH + 1), KXW = $clog2(KW + 1);
  localparam int unsigned NFW = $clog2(NF + 1), SFW = $clog2(SF + 1);

  // ---- the walk: always one step ahead of what is issued, so that issuing waits for no table -----
  logic [OYW-1:0] oy_q;
  logic [OXW-1:0] ox_q;
  logic [NFW-1:0] nf_q;
  logic [KYW-1:0] jy_q;
  logic [KXW-1:0] jx_q;
  logic [SFW-1:0] sf_q;

  logic [KYW-1:0] count_y, first_ky;
  logic [KXW-1:0] count_x, first_kx;
  logic [IYW-1:0] first_iy, needed_y, drop_y;
  logic [IXW-1:0] first_ix;

  /* verilator lint_off PINCONNECTEMPTY */
  tap_axis #(.SIZE(H), .KERNEL(KH), .STRIDE(SH), .PAD(PH), .OUT(OH)) rows (
      .o(oy_q), .count(count_y), .first_k(first_ky), .first_i(first_iy), .first_abs(),
      .needed(needed_y), .drop(drop_y));
  tap_axis #(.SIZE(W), .KERNEL(KW), .STRIDE(SW), .PAD(PW), .OUT(OW)) cols (
      .o(ox_q), .count(count_x), .first_k(first_kx), .first_i(), .first_abs(first_ix),
      .needed(), .drop());
  /* verilator lint_on PINCONNECTEMPTY */

  logic empty, sf_end, jx_end, jy_end, nf_end, ox_end, oy_end;
  logic group_end, pixel_end, row_end, advance;

  // ---- stage 0: the step to issue ----------------------------------------------------------------
  logic step_valid_q, empty_q, group_end_q, row_end_q, issue;
  logic [KYW-1:0] step_jy_q, step_ky_q;
  logic [KXW-1:0] step_jx_q, step_kx_q;
  logic [IYW-1:0] step_iy_q, needed_q, drop_q;
  logic [IXW-1:0] step_ix_q;
  logic [NFW-1:0] step_nf_q;
  logic [SFW-1:0] step_sf_q;
  logic [$clog2(CREDITS+1)-1:0] credit_q;
  logic [RW-1:0] present_q;  // whole rows that have arrived and that the walk has not dropped

  assign issue = step_valid_q && (32'(present_q) >= 32'(needed_q)) && (credit_q != 0 || !group_end_q);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) step_valid_q <= 1'b0;
    else step_valid_q <= 1'b1;
    if (advance) begin
      step_jy_q <= jy_q;
      step_jx_q <= jx_q;
      step_nf_q <= nf_q;
      step_sf_q <= sf_q;
      step_ky_q <= first_ky;
      step_kx_q <= first_kx;
      step_iy_q <= first_iy;
      step_ix_q <= first_ix;
      needed_q <= needed_y;
      drop_q <= drop_y;
      empty_q <= empty;
      group_end_q <= group_end;
      row_end_q <= row_end;
    end
  end

  assign empty  = count_y == 0 || count_x == 0;
  assign sf_end = empty || sf_q == SFW'(SF - 1);
  assign jx_end = empty || jx_q == count_x - 1'b1;
  assign jy_end = empty || jy_q == count_y - 1'b1;
  assign nf_end = nf_q == NFW'(NF - 1);
  assign ox_end = ox_q == OXW'(OW - 1);
  assign oy_end = oy_q == OYW'(OH - 1);
  assign group_end = sf_end && jx_end && jy_end;
  assign pixel_end = group_end && nf_end;
  assign row_end   = pixel_end && ox_end;
  assign advance = !step_valid_q || issue;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      oy_q <= '0;
      ox_q <= '0;
      nf_q <= '0;
      jy_q <= '0;
      jx_q <= '0;
      sf_q <= '0;
    end else if (advance) begin
      sf_q <= sf_end ? '0 : sf_q + 1'b1;
      if (sf_end) jx_q <= jx_end ? '0 : jx_q + 1'b1;
      if (sf_end && jx_end) jy_q <= jy_end ? '0 : jy_q + 1'b1;
      if (group_end) nf_q <= nf_end ? '0 : nf_q + 1'b1;
      if (pixel_end) ox_q <= ox_end ? '0 : ox_q + 1'b1;
      if (row_end) oy_q <= oy_end ? '0 : oy_q + 1'b1;
    end
  end

  // ---- rows: a ring that the input fills and the walk drops from -------------------------------
  logic [BW-1:0] base_q;      // first word of the oldest row kept
  logic [BW-1:0] base_sum;
  logic [RW-1:0] held_q;      // rows arrived and not yet free to overwrite
  logic [BW-1:0] write_q;
  logic [$clog2(ROW_WORDS+1)-1:0] column_q;
  logic write, row_done, row_done_q;
  logic [RW-1:0] drop, free;
  logic [3:0][RW-1:0] free_pipe_q;  // a row is free once the reads behind its drop are done

  // The row that was completed in the cycle before is not counted in held_q yet.
  assign s_axis_tready = held_q != RW'(ROWS) && !(row_done_q && held_q == RW'(ROWS - 1));
  assign write = s_axis_tvalid && s_axis_tready;
  assign row_done = write && column_q == $bits(column_q)'(ROW_WORDS - 1);
  assign drop = issue && row_end_q ? RW'(drop_q) : '0;
  assign free = free_pipe_q[3];
  assign base_sum = base_q + BW'(32'(drop_q) * ROW_WORDS);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      base_q <= '0;
      present_q <= '0;
      held_q <= '0;
      row_done_q <= 1'b0;
      write_q <= '0;
      column_q <= '0;
      free_pipe_q <= '0;
    end else begin
      free_pipe_q <= {free_pipe_q[2:0], drop};
      row_done_q <= row_done;
      present_q <= present_q + RW'(row_done_q) - drop;
      held_q <= held_q + RW'(row_done_q) - free;
      if (issue && row_end_q)
        base_q <= base_sum >= BW'(BUFFER_WORDS) ? base_sum - BW'(BUFFER_WORDS) : base_sum;
      if (write) begin
        write_q <= write_q == BW'(BUFFER_WORDS - 1) ? '0 : write_q + 1'b1;
        column_q <= row_done ? '0 : column_q + 1'b1;
      end
    end
  end

  // ---- stages 1 to 3: addresses -----------------------------------------------------------------
  logic [BW-1:0] row1_q, down1_q, row2_q, col1_q, left1_q, col2_q, read3_q;
  logic [AW-1:0] first1_q, jump1_q, tap2_q, fold1_q, fold2_q, weight3_q;
  logic [BW-1:0] row2_wrapped;
  assign row2_wrapped = row2_q >= BW'(BUFFER_WORDS) ? row2_q - BW'(BUFFER_WORDS) : row2_q;

  always_ff @(posedge ap_clk) begin
    row1_q    <= base_q + BW'(32'(step_iy_q) * ROW_WORDS);
    down1_q   <= BW'(32'(step_jy_q) * ROW_WORDS);
    col1_q    <= BW'(32'(step_ix_q) * SF) + BW'(step_sf_q);
    left1_q   <= BW'(32'(step_jx_q) * SF);
    first1_q  <= AW'(32'(step_ky_q) * (KW * TAP_WORDS)) + AW'(32'(step_kx_q) * TAP_WORDS);
    jump1_q   <= AW'(32'(step_jy_q) * (SH * KW * TAP_WORDS)) + AW'(32'(step_jx_q) * (SW * TAP_WORDS));
    fold1_q   <= AW'(32'(step_nf_q) * SF) + AW'(step_sf_q);

    row2_q    <= row1_q - down1_q;
    col2_q    <= col1_q - left1_q;
    tap2_q    <= first1_q + jump1_q;
    fold2_q   <= fold1_q;

    read3_q   <= row2_wrapped + col2_q;
    weight3_q <= tap2_q + fold2_q;
  end

  // ---- stages 4 and 5: memories with an output register -----------------------------------------
  localparam int unsigned XW = SIMD * ACT_WIDTH;
  localparam int unsigned WW = PE * SIMD * WEIGHT_WIDTH;
  localparam int unsigned BUFFER_AW = BUFFER_WORDS > 1 ? $clog2(BUFFER_WORDS) : 1;
  localparam int unsigned WEIGHT_AW = WORDS > 1 ? $clog2(WORDS) : 1;

  (* ram_style = BUFFER_STYLE *) logic [XW-1:0] buffer[BUFFER_WORDS];
  (* ram_style = WEIGHT_STYLE, rom_style = WEIGHT_STYLE *) logic [WW-1:0] weights[WORDS];
  initial $readmemh(WEIGHTS, weights);

  logic [XW-1:0] x4_q, x5_q;
  logic [WW-1:0] w4_q, w5_q;
  always_ff @(posedge ap_clk) begin
    if (write) buffer[write_q[BUFFER_AW-1:0]] <= s_axis_tdata[XW-1:0];
    x4_q <= buffer[read3_q[BUFFER_AW-1:0]];
    w4_q <= weights[weight3_q[WEIGHT_AW-1:0]];
    x5_q <= x4_q;
    w5_q <= w4_q;
  end

  logic [4:0] zero_q, last_q;  // travel beside the addresses and words
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      zero_q <= '1;
      last_q <= '0;
    end else begin
      zero_q <= {zero_q[3:0], !issue || empty_q};
      last_q <= {last_q[3:0], issue && group_end_q};
    end
  end

  // ---- compute core -----------------------------------------------------------------------------
  logic vld;
  logic signed [PE-1:0][ACC_WIDTH-1:0] p;
  if (DSP_CORE) begin : gen_dsp
    mvu #(.VERSION(DSP_VERSION), .PE(PE), .SIMD(SIMD), .WEIGHT_WIDTH(WEIGHT_WIDTH),
          .ACTIVATION_WIDTH(ACT_WIDTH), .ACCU_WIDTH(ACC_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACT),
          .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (
        .clk(ap_clk), .rst(!ap_rst_n), .en(1'b1), .last(last_q[4]), .zero(zero_q[4]), .w(w5_q), .a(x5_q),
        .vld(vld), .p(p));
  end else begin : gen_lut
    mvu_lut #(.PE(PE), .SIMD(SIMD), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACT_WIDTH),
              .ACCU_WIDTH(ACC_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACT)) core (
        .clk(ap_clk), .rst(!ap_rst_n), .en(1'b1), .last(last_q[4]), .zero(zero_q[4]), .w(w5_q), .a(x5_q),
        .vld(vld), .p(p));
  end

  // ---- result queue: a group is issued only when its result has a place --------------------------
  logic [PE*ACC_WIDTH-1:0] queue_data;
  logic queue_ready, taken;
  fifo #(.WIDTH(PE * ACC_WIDTH), .DEPTH(CREDITS)) queue (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(p), .s_axis_tvalid(vld), .s_axis_tready(queue_ready),
      .m_axis_tdata(queue_data), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready));
  assign m_axis_tdata = OUT_BITS'(queue_data);
  assign taken = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) credit_q <= $bits(credit_q)'(CREDITS);
    else credit_q <= credit_q - $bits(credit_q)'(issue && group_end_q) + $bits(credit_q)'(taken);
  end

  logic unused;  // padding, and the bits that keep constants representable
  assign unused = &{1'b0, s_axis_tdata, read3_q, weight3_q};

`ifdef VERILATOR
  always_ff @(posedge ap_clk)
    if (ap_rst_n) assert (!vld || queue_ready) else $error("deconv: a result found no place in the queue");
`endif

endmodule
