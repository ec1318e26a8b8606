// SPDX-License-Identifier: Apache-2.0
// What stream_add promises, after any reset and for any words and stalls.
module stream_add_properties #(
    parameter int unsigned CHANNELS = 2,
    parameter int unsigned NEGATED = 2,  // a bit per channel
    parameter int unsigned PE = 1,
    parameter int unsigned BITS_0 = 2,
    parameter int unsigned BITS_1 = 3,
    parameter int unsigned SIGNED_0 = 0,
    parameter int unsigned SIGNED_1 = 1,
    parameter int unsigned FACTOR_0 = 3,
    parameter int unsigned FACTOR_1 = 1,
    parameter int unsigned ACC_BITS = 6,
    localparam int unsigned IN_BITS = (PE * (BITS_0 > BITS_1 ? BITS_0 : BITS_1) + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (PE * ACC_BITS + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [1:0][IN_BITS-1:0] s_axis_tdata,
    input logic [1:0] s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch
);

  logic ap_rst_n, m_axis_tvalid, push, pop;
  logic [1:0] s_axis_tready, taken, waiting, which;
  logic [OUT_BITS-1:0] m_axis_tdata;
  assign taken = s_axis_tvalid & s_axis_tready;
  assign push = taken[0];
  assign pop = m_axis_tvalid && m_axis_tready;
  assign which = '0;

  any_reset resets (.again(reset), .*);
  stream_add #(.CHANNELS(CHANNELS), .NEGATED(NEGATED), .PE(PE), .BITS_0(BITS_0), .BITS_1(BITS_1),
               .SIGNED_0(1'(SIGNED_0)), .SIGNED_1(1'(SIGNED_1)), .FACTOR_0(FACTOR_0), .FACTOR_1(FACTOR_1),
               .ACC_BITS(ACC_BITS)) dut (.*);

  // The sums of the words that are offered, by the equation; channels follow each other.
  int channel_q;
  logic [OUT_BITS-1:0] sums;
  always_comb begin
    sums = '0;
    for (int e = 0; e < PE; e++) begin
      automatic logic [BITS_0-1:0] a = s_axis_tdata[0][e*BITS_0+:BITS_0];
      automatic logic [BITS_1-1:0] b = s_axis_tdata[1][e*BITS_1+:BITS_1];
      automatic int sum = int'(FACTOR_0) * (SIGNED_0 != 0 ? int'(signed'(a)) : int'(a))
          + int'(FACTOR_1) * (SIGNED_1 != 0 ? int'(signed'(b)) : int'(b));
      sums[e*ACC_BITS+:ACC_BITS] = ACC_BITS'(((NEGATED >> (channel_q + e)) & 1) != 0 ? -sum : sum);
    end
  end

  stream_held #(.WIDTH(OUT_BITS)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
  stream_order #(.BITS(OUT_BITS), .CAPACITY(1)) words (
      .enters(sums), .leaves(m_axis_tdata), .offered(m_axis_tvalid), .inside_q(waiting), .*);
  stream_within #(.CYCLES(0)) leaving (.wanted(waiting != 0), .comes(m_axis_tvalid), .*);
  stream_rate #(.AFTER(0)) rate (.willing(&s_axis_tvalid && m_axis_tready), .moves(push), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) channel_q <= 0;
    else if (push) channel_q <= channel_q == CHANNELS - PE ? 0 : channel_q + PE;
    if (ap_rst_n) begin
      pairs : assert (taken == 2'b00 || taken == 2'b11) else $error("%m: a word was taken without the other");
      free : assert (!(&s_axis_tvalid) || m_axis_tvalid || push) else $error("%m: no pair enters where nothing waits");
    end
  end

endmodule
