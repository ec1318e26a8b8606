// SPDX-License-Identifier: Apache-2.0
// What stream_fork promises, after any reset and for any words and stalls.
module stream_fork_properties #(
    parameter int unsigned WIDTH = 2,
    parameter int unsigned OUTPUTS = 2,
    localparam int unsigned BITS = (WIDTH + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [BITS-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic [OUTPUTS-1:0] m_axis_tready
);

  logic ap_rst_n, s_axis_tready, push;
  logic [OUTPUTS-1:0][BITS-1:0] m_axis_tdata;
  logic [OUTPUTS-1:0] m_axis_tvalid, pop, has_q;  // which outputs have had the word before
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid & m_axis_tready;

  any_reset resets (.again(reset), .*);
  stream_fork #(.WIDTH(WIDTH), .OUTPUTS(OUTPUTS)) dut (.*);

  stream_holds #(.WIDTH(BITS)) s_axis (.offer(s_axis_tdata), .valid(s_axis_tvalid), .ready(s_axis_tready), .*);
  stream_held #(.WIDTH(BITS), .STREAMS(OUTPUTS)) m_axis (
      .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  always_ff @(posedge ap_clk) begin
    has_q <= !ap_rst_n || push ? '0 : has_q | pop;
    if (ap_rst_n) begin
      same : assert (m_axis_tdata == {OUTPUTS{s_axis_tdata}}) else $error("%m: an output has another word");
      once : assert ((pop & has_q) == '0 && (pop == '0 || s_axis_tvalid)) else $error("%m: a word was given twice");
      to_all : assert (!push || &(has_q | pop)) else $error("%m: a word went before every output had it");
      at_once : assert (m_axis_tvalid == ({OUTPUTS{s_axis_tvalid}} & ~has_q))
      else $error("%m: an output waits for another");
      goes_on : assert (push == (s_axis_tvalid && &(has_q | m_axis_tready)))
      else $error("%m: every output has it and it stays");
      apart : cover (pop == OUTPUTS'(1) && has_q == '0);
      all : cover (push && has_q == '0);
    end
  end

endmodule
