// SPDX-License-Identifier: Apache-2.0
// What a deconv's walk promises, after any reset, for any words and stalls: its steps are the products of the equation,
// in order, each of a row that has come and was not dropped. The result queue may stop it in any cycle.
module deconv_walk_properties #(
    parameter int unsigned SIZE = 2,    // rows and columns of an image
    parameter int unsigned KERNEL = 2,  // rows and columns
    parameter int unsigned STRIDE = 1,
    parameter int unsigned PAD = 0,
    parameter int unsigned STEP = 1,
    parameter int unsigned DILATION = 1,
    parameter int unsigned OUT = 3,     // rows and columns of an output image
    parameter int unsigned SIMD = 1,    // of 2 channels
    parameter int unsigned ROWS = 3     // held
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [7:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready
);

  localparam int unsigned CI = 2, SF = CI / SIMD, WORDS = SIZE * SF;  // of a row

  // Where the weights of kernel row or column k lie: those that one output sees lie together.
  function automatic int unsigned place(int unsigned k);
    int unsigned apart;
    apart = STRIDE;
    for (int unsigned a = STRIDE; a > 0; a--) if (a * DILATION % STRIDE == 0) apart = a;
    place = 0;
    for (int unsigned other = 0; other < KERNEL; other++)
      if (other % apart < k % apart || (other % apart == k % apart && other < k)) place++;
  endfunction

  // Step `index` of an image: part 0 the input's row, 1 its column, 2 the word, 3 and 4 the places of the kernel's row
  // and column, 5 whether there is an input, 6 whether the output pixel ends, 7 its row; beyond the last step part 5
  // is 2.
  function automatic int unsigned step(int unsigned index, int unsigned part);
    int unsigned count, first, py, px;
    step = part == 5 ? 2 : 0;
    count = 0;
    for (int unsigned oy = 0; oy < OUT; oy++)
      for (int unsigned ox = 0; ox < OUT; ox++) begin
        first = count;
        py = oy * STEP + PAD;
        px = ox * STEP + PAD;
        for (int unsigned ky = 0; ky < KERNEL; ky++)
          for (int unsigned kx = 0; kx < KERNEL; kx++)
            for (int unsigned word = 0; word < SF; word++)
              if (py >= ky * DILATION && px >= kx * DILATION && (py - ky * DILATION) % STRIDE == 0
                  && (px - kx * DILATION) % STRIDE == 0 && (py - ky * DILATION) / STRIDE < SIZE
                  && (px - kx * DILATION) / STRIDE < SIZE) begin
                if (count == index)
                  case (part)
                    0: step = (py - ky * DILATION) / STRIDE;
                    1: step = (px - kx * DILATION) / STRIDE;
                    2: step = word;
                    3: step = place(ky);
                    4: step = place(kx);
                    5: step = 1;
                    default: step = 0;
                  endcase
                count++;
              end
        if (count == first) begin
          if (count == index) step = 0;
          count++;
        end
        if (count == index + 1 && part == 6) step = 1;
        if (count > index && first <= index && part == 7) step = oy;
      end
  endfunction
  function automatic int unsigned steps();
    steps = 0;
    while (step(steps, 5) != 2) steps++;
  endfunction
  localparam int unsigned STEPS = steps();

  typedef logic signed [5:0] count_t;
  typedef struct packed {
    count_t row, column, word, ky, kx;
    logic some, ends;
    count_t output_row;
  } step_t;
  step_t [STEPS-1:0] table_;
  for (genvar i = 0; i < STEPS; i++) begin : gen_step
    localparam int unsigned ROW = step(i, 0), COLUMN = step(i, 1), WORD = step(i, 2), KY = step(i, 3), KX = step(i, 4),
        SOME = step(i, 5), ENDS = step(i, 6), OY = step(i, 7);
    assign table_[i] = '{row: count_t'(ROW), column: count_t'(COLUMN), word: count_t'(WORD), ky: count_t'(KY),
        kx: count_t'(KX), some: SOME != 0, ends: ENDS != 0, output_row: count_t'(OY)};
  end

  logic ap_rst_n, ap_clk2x, s_axis_tready, m_axis_tvalid;
  logic [7:0] m_axis_tdata;
  logic [9:0] load_in, load_out;  // of weights that are loaded: none
  assign ap_clk2x = 1'b0;
  assign load_in = '0;

  any_reset resets (.again(reset), .*);
  deconv #(.H(SIZE), .W(SIZE), .KH(KERNEL), .KW(KERNEL), .SH(STRIDE), .SW(STRIDE), .PH(PAD), .PW(PAD), .DH(STEP),
           .DW(STEP), .LH(DILATION), .LW(DILATION), .OH(OUT), .OW(OUT), .CI(CI), .CO(1), .SIMD(SIMD), .PE(1),
           .ROWS(ROWS), .ACT_WIDTH(1), .WEIGHT_WIDTH(2), .ACC_WIDTH(1), .DSP_CORE(0), .WEIGHTS("")) dut (.*);

  logic [$clog2(STEPS+1)-1:0] step_q;
  step_t now;
  count_t word_q, held_q, drop_q;  // words of the row that comes; rows that are held, that are dropped next
  count_t start_q;                 // the image's first row, counted from the oldest that is held
  logic row_came, last, row_ends;
  assign now = table_[step_q];
  assign last = step_q == $bits(step_q)'(STEPS - 1);
  assign row_ends = last || table_[step_q + 1'b1].output_row != now.output_row;
  assign row_came = s_axis_tvalid && s_axis_tready && word_q == count_t'(WORDS - 1);

  stream_within #(.CYCLES(WORDS + 6)) stepping (
      .wanted(s_axis_tvalid && !dut.credit_q[dut.CW-1]), .comes(dut.issue), .*);

  always_ff @(posedge ap_clk) begin
    if (dut.buffer.load) drop_q <= count_t'(dut.buffer.drop);
    if (!ap_rst_n) {step_q, word_q, held_q, start_q} <= '0;
    else begin
      if (dut.issue) step_q <= last ? '0 : step_q + 1'b1;
      if (s_axis_tvalid && s_axis_tready) word_q <= row_came ? '0 : word_q + 1'b1;
      held_q <= held_q + count_t'(row_came) - (dut.buffer.drop_en ? drop_q : '0);
      start_q <= start_q + (dut.issue && last ? count_t'(SIZE) : '0) - (dut.buffer.drop_en ? drop_q : '0);
    end
    if (ap_rst_n && dut.issue) begin
      reads : assert ((dut.buffer.mask_y != '0) == now.some && (!now.some || (dut.buffer.mask_x != '0
          && count_t'(dut.buffer.group_y) - count_t'(dut.buffer.up) == start_q + now.row
          && count_t'(dut.buffer.group_x) - count_t'(dut.buffer.left) == now.column
          && count_t'(dut.buffer.sf) == now.word))) else $error("%m: a step reads another pixel");
      there : assert (!now.some || (start_q + now.row >= 0 && start_q + now.row < held_q))
      else $error("%m: a step reads a row that has not come or was dropped");
      weighs : assert (!now.some || (count_t'(dut.step_wy_q) == now.ky && count_t'(dut.step_wx_q) == now.kx
          && count_t'(dut.step_sf_q) == now.word)) else $error("%m: a step has another weight");
      ends : assert (dut.group_end_q == now.ends) else $error("%m: a sum ends elsewhere");
      drops : assert (dut.buffer.drop_en == row_ends) else $error("%m: rows are dropped amid one");
      row : cover (row_ends);
    end
    if (ap_rst_n) held : assert (!dut.buffer.drop_en || drop_q <= held_q)
      else $error("%m: rows are dropped that have not come");
  end

endmodule
