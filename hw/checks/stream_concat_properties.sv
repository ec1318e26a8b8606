// SPDX-License-Identifier: Apache-2.0
// What stream_concat promises for two inputs, after any reset and for any words and stalls.
module stream_concat_properties #(
    parameter int unsigned PE = 1,
    parameter int unsigned BITS = 3,
    parameter int unsigned BITS_0 = 2,
    parameter int unsigned BITS_1 = 3,
    parameter int unsigned SIGNED_0 = 1,
    parameter int unsigned SIGNED_1 = 0,
    parameter int unsigned WORDS_0 = 1,
    parameter int unsigned WORDS_1 = 2,
    localparam int unsigned WIDTH = (PE * BITS + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [1:0][WIDTH-1:0] s_axis_tdata,
    input logic [1:0] s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch
);

  logic ap_rst_n, m_axis_tvalid, push, pop, turn;
  logic [1:0] s_axis_tready, taken, waiting, which;
  logic [WIDTH-1:0] m_axis_tdata, word;
  assign taken = s_axis_tvalid & s_axis_tready;
  assign push = |taken;
  assign pop = m_axis_tvalid && m_axis_tready;
  assign which = '0;

  any_reset resets (.again(reset), .*);
  stream_concat #(.INPUTS(2), .PE(PE), .BITS(BITS), .IN_BITS({BITS_1, BITS_0}), .IN_SIGNED({SIGNED_1, SIGNED_0}),
                  .WORDS({WORDS_1, WORDS_0})) dut (.*);

  // Whose turn it is, and its word, widened.
  int word_q;  // of the pixel
  assign turn = word_q >= WORDS_0;
  always_comb begin
    word = '0;
    for (int e = 0; e < PE; e++) begin
      automatic logic [BITS_0-1:0] a = s_axis_tdata[0][e*BITS_0+:BITS_0];
      automatic logic [BITS_1-1:0] b = s_axis_tdata[1][e*BITS_1+:BITS_1];
      automatic int first = SIGNED_0 != 0 ? int'(signed'(a)) : int'(a);
      automatic int second = SIGNED_1 != 0 ? int'(signed'(b)) : int'(b);
      word[e*BITS+:BITS] = BITS'(turn ? second : first);
    end
  end

  stream_held #(.WIDTH(WIDTH)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
  stream_order #(.BITS(WIDTH), .CAPACITY(1)) words (
      .enters(word), .leaves(m_axis_tdata), .offered(m_axis_tvalid), .inside_q(waiting), .*);
  stream_within #(.CYCLES(0)) leaving (.wanted(waiting != 0), .comes(m_axis_tvalid), .*);
  stream_rate #(.AFTER(0)) rate (.willing(s_axis_tvalid[turn] && m_axis_tready), .moves(push), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) word_q <= 0;
    else if (push) word_q <= word_q == WORDS_0 + WORDS_1 - 1 ? 0 : word_q + 1;
    if (ap_rst_n) begin
      turns : assert (s_axis_tready == '0 || s_axis_tready == (turn ? 2'b10 : 2'b01))
      else $error("%m: an input was taken out of turn");
      free : assert (!s_axis_tvalid[turn] || m_axis_tvalid || push)
      else $error("%m: no word enters where nothing waits");
      second : cover (push && turn);
    end
  end

endmodule
