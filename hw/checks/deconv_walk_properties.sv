// SPDX-License-Identifier: Apache-2.0
// What a deconv's walk promises, after any reset, for any words and stalls: its steps are the products of the equation,
// in order, each of a row that has come and was not dropped. The result queue may stop it in any cycle.
//
// Each cycle's properties follow from those of the cycle before: what the registers hold is said of the step that is
// issued next, number step_q of the image's, and of the one behind it, on which the walk stands.
module deconv_walk_properties #(
    parameter int unsigned SIZE = 2,      // rows and columns of an image
    parameter int unsigned KERNEL = 2,    // rows and columns
    parameter int unsigned STRIDE = 1,
    parameter int unsigned PAD = 0,
    parameter int unsigned STEP = 1,
    parameter int unsigned DILATION = 1,
    parameter int unsigned OUT = 3,       // rows and columns of an output image
    parameter int unsigned CHANNELS = 1,  // of it, one at once
    parameter int unsigned GROUPS = 1,
    parameter int unsigned SIMD = 1,      // of 2 channels
    parameter int unsigned ROWS = 3,      // held
    parameter int unsigned MORE = 1       // rows that a row of the output needs and the one before does not, at most
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [7:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready
);

  localparam int unsigned CI = 2, PIXEL = CI / SIMD, SF = PIXEL / GROUPS, WORDS = SIZE * PIXEL;  // of a row

  // Where the weights of kernel row or column k lie: those that one output sees lie together.
  function automatic int unsigned place(int unsigned k);
    int unsigned apart;
    apart = STRIDE;
    for (int unsigned a = STRIDE; a > 0; a--) if (a * DILATION % STRIDE == 0) apart = a;
    place = 0;
    for (int unsigned other = 0; other < KERNEL; other++)
      if (other % apart < k % apart || (other % apart == k % apart && other < k)) place++;
  endfunction

  // Step `index` of an image: part 0 the input's row, 1 its column, 2 the word of the group, 3 and 4 the places of the
  // kernel's row and column, 5 whether there is an input, 6 whether a sum ends, 7 and 8 the output's row and column,
  // 9 its channel, 10 whether a sum begins; beyond the last step part 5 is 2.
  function automatic int unsigned step(int unsigned index, int unsigned part);
    int unsigned count, first, py, px;
    step = part == 5 ? 2 : 0;
    count = 0;
    for (int unsigned oy = 0; oy < OUT; oy++)
      for (int unsigned ox = 0; ox < OUT; ox++)
        for (int unsigned channel = 0; channel < CHANNELS; channel++) begin
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
          if (count > index && first <= index)
            case (part)
              6: step = count == index + 1 ? 1 : 0;
              7: step = oy;
              8: step = ox;
              9: step = channel;
              10: step = first == index ? 1 : 0;
              default: step = step;
            endcase
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
    logic some, ends, begins;
    count_t output_row, output_column, channel;
  } step_t;
  step_t [STEPS-1:0] table_;
  for (genvar i = 0; i < STEPS; i++) begin : gen_step
    localparam int unsigned ROW = step(i, 0), COLUMN = step(i, 1), WORD = step(i, 2), KY = step(i, 3), KX = step(i, 4),
        SOME = step(i, 5), ENDS = step(i, 6), OY = step(i, 7), OX = step(i, 8), CHANNEL = step(i, 9),
        BEGINS = step(i, 10);
    assign table_[i] = '{row: count_t'(ROW), column: count_t'(COLUMN), word: count_t'(WORD), ky: count_t'(KY),
        kx: count_t'(KX), some: SOME != 0, ends: ENDS != 0, begins: BEGINS != 0, output_row: count_t'(OY),
        output_column: count_t'(OX), channel: count_t'(CHANNEL)};
  end

  logic ap_rst_n, ap_clk2x, s_axis_tready, m_axis_tvalid;
  logic [7:0] m_axis_tdata;
  logic [9:0] load_in, load_out;  // of weights that are loaded, or streamed: none
  logic [7:0] s_axis_weights_tdata;
  logic s_axis_weights_tlast, s_axis_weights_tvalid, s_axis_weights_tready, weights_error;
  assign ap_clk2x = 1'b0;
  assign load_in = '0;
  assign {s_axis_weights_tdata, s_axis_weights_tlast, s_axis_weights_tvalid} = '0;

  any_reset resets (.again(reset), .*);
  deconv #(.H(SIZE), .W(SIZE), .KH(KERNEL), .KW(KERNEL), .SH(STRIDE), .SW(STRIDE), .PH(PAD), .PW(PAD), .DH(STEP),
           .DW(STEP), .LH(DILATION), .LW(DILATION), .OH(OUT), .OW(OUT), .CI(CI), .CO(CHANNELS), .GROUPS(GROUPS),
           .SIMD(SIMD), .PE(1), .ROWS(ROWS), .ACT_WIDTH(1), .WEIGHT_WIDTH(2), .ACC_WIDTH(1), .DSP_CORE(0),
           .WEIGHTS("")) dut (.*);

  logic [$clog2(STEPS+1)-1:0] step_q;
  step_t now, then_;               // the step that is issued next, and the one on which the walk stands
  count_t word_q, held_q, drop_q;  // words of the row that comes; rows that are held, that are dropped next
  count_t start_q;                 // the image's first row, counted from the oldest that is held
  logic row_came, last, row_ends, valid;
  assign now = table_[step_q];
  assign last = step_q == $bits(step_q)'(STEPS - 1);
  assign row_ends = last || table_[step_q + 1'b1].output_row != now.output_row;
  assign row_came = s_axis_tvalid && s_axis_tready && word_q == count_t'(WORDS - 1);
  assign valid = dut.step_valid_q;
  assign then_ = !valid ? now : last ? table_[0] : table_[step_q + 1'b1];

  // The word of a pixel that a step reads: behind those of the groups before its own.
  function automatic count_t word_of(step_t one);
    return one.word + one.channel / count_t'(CHANNELS / GROUPS) * count_t'(SF);
  endfunction

  // ---- the walk's registers: those of its tables, and counters ------------------------------------------------------
  count_t [1:0] after;  // the output's row and column behind it
  assign after[0] = then_.output_row == count_t'(OUT - 1) ? '0 : then_.output_row + 1'b1;
  assign after[1] = then_.output_column == count_t'(OUT - 1) ? '0 : then_.output_column + 1'b1;
  logic tables, counters, groups;
  assign tables = dut.rows.output_q == dut.rows.outputs[then_.output_row] && count_t'(dut.rows.after_q) == after[0]
      && dut.cols.output_q == dut.cols.outputs[then_.output_column] && count_t'(dut.cols.after_q) == after[1];
  assign counters = dut.fresh_q == then_.begins && count_t'(dut.nf_q) == then_.channel
      && dut.nf_last_q == (then_.channel == count_t'(CHANNELS - 1))
      && count_t'(dut.sf_q) == then_.word && dut.sf_last_q == (count_t'(dut.sf_q) == count_t'(SF - 1))
      && (then_.some ? count_t'(dut.first_wy) + count_t'(dut.jy_q) == then_.ky
          && count_t'(dut.first_wx) + count_t'(dut.jx_q) == then_.kx : {dut.jy_q, dut.jx_q} == '0);
  if (GROUPS > 1) begin : gen_groups
    localparam int unsigned FOLDS = CHANNELS / GROUPS;  // of a group
    count_t group, fold;
    assign group = then_.channel / count_t'(FOLDS);
    assign fold = then_.channel % count_t'(FOLDS);
    assign groups = count_t'(dut.pixel.gen_groups.base_q) == group * count_t'(SF)
        && count_t'(dut.pixel.gen_groups.fold_q) == fold
        && dut.pixel.gen_groups.fold_last_q == (fold == count_t'(FOLDS - 1));
  end else begin : gen_whole
    assign groups = 1'b1;
  end

  // ---- rows: those that the output's row needs, and those before it that are dropped --------------------------------
  count_t needed, dropped, surplus, freed, room;
  always_comb begin
    {needed, dropped} = '0;
    for (int unsigned row = 0; row < OUT; row++) begin
      if (count_t'(row) <= now.output_row) needed += count_t'(dut.rows.outputs[row].more);
      if (count_t'(row) < now.output_row) dropped += count_t'(dut.rows.outputs[row].drop);
    end
  end
  assign surplus = count_t'(dut.surplus_q);
  assign freed = count_t'(dut.buffer.free_pipe_q[0]) + count_t'(dut.buffer.free_pipe_q[1])
      + count_t'(dut.buffer.free_pipe_q[2]);
  assign room = count_t'(dut.buffer.room_q) - count_t'(dut.buffer.FULL);
  logic words;
  assign words = word_q == count_t'(dut.buffer.x_q) * count_t'(PIXEL) + count_t'(dut.buffer.word_q)
      && count_t'(dut.buffer.x_q) < count_t'(SIZE) && count_t'(dut.buffer.word_q) < count_t'(PIXEL)
      && dut.buffer.x_last_q == (count_t'(dut.buffer.x_q) == count_t'(SIZE - 1))
      && dut.buffer.word_last_q == (count_t'(dut.buffer.word_q) == count_t'(PIXEL - 1));

  // Cycles until a step may be issued, with words to come, at most: until the rows that are dropped are free, and one
  // for each word.
  localparam int unsigned LONGEST = MORE * WORDS + 6;
  count_t frees, left;
  assign frees = dut.buffer.free_pipe_q[0] != '0 ? count_t'(3) : dut.buffer.free_pipe_q[1] != '0 ? count_t'(2)
      : dut.buffer.free_pipe_q[2] != '0 ? count_t'(1) : '0;
  assign left = !valid ? count_t'(1 + MORE * WORDS) : surplus < 0 ? -surplus * count_t'(WORDS) - word_q + frees : '0;
  stream_within #(.CYCLES(LONGEST)) stepping (
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
    // What deconv_properties proves of all credits; mac_cores is not here to return as many as it took.
    kept : assume (int'(signed'(dut.credit_q)) + int'(dut.taken_q) < dut.CREDITS);
    if (ap_rst_n) begin
      goes_on : assert (dut.advance == (!valid || (dut.surplus_q >= 0 && (dut.credit_q >= 0 || !dut.group_end_q))))
      else $error("%m: a step is issued without rows or credit, or waits with both");
    end
    if (ap_rst_n && valid) begin
      reads : assert ((dut.buffer.mask_y != '0) == (dut.issue && now.some) && dut.empty_q == !now.some
          && (!now.some || (dut.step_my_q != '0 && dut.buffer.mask_x != '0
          && count_t'(dut.buffer.group_y) - count_t'(dut.buffer.up) * count_t'(dut.REACH_Y) == start_q + now.row
          && count_t'(dut.buffer.group_x) - count_t'(dut.buffer.left) * count_t'(dut.REACH_X) == now.column
          && count_t'(dut.buffer.sf) == word_of(now)))) else $error("%m: a step reads another pixel");
      there : assert (!dut.issue || !now.some || (start_q + now.row >= 0 && start_q + now.row < held_q))
      else $error("%m: a step reads a row that has not come or was dropped");
      weighs : assert (!now.some || (count_t'(dut.step_wy_q) == now.ky && count_t'(dut.step_wx_q) == now.kx
          && count_t'(dut.step_nf_q) == now.channel && count_t'(dut.step_sf_q) == now.word))
          else $error("%m: a step has another weight");
      begins : assert (dut.group_first_q == now.begins) else $error("%m: a sum begins elsewhere");
      ends : assert (dut.group_end_q == now.ends) else $error("%m: a sum ends elsewhere");
      drops : assert (dut.row_end_q == row_ends && dut.buffer.drop_en == (dut.issue && row_ends)
          && drop_q == count_t'(dut.rows.outputs[now.output_row].drop) && count_t'(dut.buffer.drop_q) == drop_q)
          else $error("%m: rows are dropped amid one");
      row : cover (dut.issue && row_ends);
    end
    if (ap_rst_n) begin
      held : assert (!dut.buffer.drop_en || drop_q <= held_q) else $error("%m: rows are dropped that have not come");
      walks : assert (step_q < $bits(step_q)'(STEPS) && (valid || (step_q == 0 && dut.row_end_q)) && tables && counters
          && groups) else $error("%m: the walk does not stand on the step behind the one that is issued next");
      counted : assert (start_q == -dropped && surplus == held_q + dropped - (valid ? needed : '0)
          && surplus >= (valid ? -count_t'(dut.rows.outputs[now.output_row].more) : count_t'(0))
          && held_q >= 0 && room >= 0 && held_q + freed + room == count_t'(ROWS) && words
          && (valid || {held_q, word_q, freed} == '0)) else $error("%m: the rows that are held are miscounted");
      soon : assert (count_t'(stepping.waited_q) + left <= count_t'(LONGEST))
      else $error("%m: a step waits too long");
    end
  end

endmodule
