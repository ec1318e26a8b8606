// SPDX-License-Identifier: Apache-2.0
// What stream_max promises, after any reset and for any words and stalls.
module stream_max_properties #(
    parameter int unsigned PE = 1,
    parameter int unsigned BITS = 2,
    parameter int unsigned SIGNED = 1,
    parameter int unsigned WORDS = 3,
    localparam int unsigned WIDTH = (PE * BITS + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [WIDTH-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch
);

  logic ap_rst_n, s_axis_tready, m_axis_tvalid, push, pop, complete;
  logic [1:0] which, waiting;
  logic [WIDTH-1:0] m_axis_tdata, largest;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid && m_axis_tready;
  assign which = '0;

  any_reset resets (.again(reset), .*);
  stream_max #(.PE(PE), .BITS(BITS), .SIGNED(SIGNED != 0), .WORDS(WORDS)) dut (.*);

  // Words of the window that came, and the largest of each element.
  int count_q;
  int values[PE], largest_q[PE];
  assign complete = count_q == WORDS - 1;
  always_comb begin
    largest = '0;
    for (int e = 0; e < PE; e++) begin
      automatic logic [BITS-1:0] element = s_axis_tdata[e*BITS+:BITS];
      values[e] = SIGNED != 0 ? int'(signed'(element)) : int'(element);
      if (count_q != 0 && largest_q[e] > values[e]) values[e] = largest_q[e];
      largest[e*BITS+:BITS] = BITS'(values[e]);
    end
  end

  stream_held #(.WIDTH(WIDTH)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
  stream_order #(.BITS(WIDTH), .CAPACITY(1)) words (
      .enters(largest), .push(push && complete), .leaves(m_axis_tdata), .offered(m_axis_tvalid),
      .inside_q(waiting), .*);
  stream_within #(.CYCLES(0)) leaving (.wanted(waiting != 0), .comes(m_axis_tvalid), .*);
  stream_rate #(.AFTER(0)) rate (.willing(s_axis_tvalid && m_axis_tready), .moves(push), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) count_q <= 0;
    else if (push) count_q <= complete ? 0 : count_q + 1;
    if (push) for (int e = 0; e < PE; e++) largest_q[e] <= values[e];
    if (ap_rst_n) begin
      free : assert (!s_axis_tvalid || m_axis_tvalid || push) else $error("%m: no word enters where no result waits");
      earlier : cover (push && complete && WORDS > 1 && largest_q[0] == values[0]);
    end
  end

endmodule
