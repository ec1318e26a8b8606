// SPDX-License-Identifier: Apache-2.0
// What stream_last promises, after any reset and for any words and stalls.
module stream_last_properties #(
    parameter int unsigned WIDTH = 2,
    parameter int unsigned BEATS = 3
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [WIDTH-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready
);

  logic ap_rst_n, s_axis_tready, m_axis_tvalid, m_axis_tlast;
  logic [WIDTH-1:0] m_axis_tdata;

  any_reset resets (.again(reset), .*);
  stream_last #(.WIDTH(WIDTH), .BEATS(BEATS)) dut (.*);

  stream_holds #(.WIDTH(WIDTH)) s_axis (.offer(s_axis_tdata), .valid(s_axis_tvalid), .ready(s_axis_tready), .*);
  stream_held #(.WIDTH(WIDTH + 1)) m_axis (
      .offer({m_axis_tdata, m_axis_tlast}), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  logic [7:0] beat_q;  // of the image
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) beat_q <= '0;
    else if (m_axis_tvalid && m_axis_tready) beat_q <= beat_q == 8'(BEATS - 1) ? '0 : beat_q + 1'b1;
    if (ap_rst_n) begin
      wires : assert ({m_axis_tdata, m_axis_tvalid, s_axis_tready} == {s_axis_tdata, s_axis_tvalid, m_axis_tready})
      else $error("%m: a beat was changed");
      last : assert (m_axis_tlast == (beat_q == 8'(BEATS - 1))) else $error("%m: tlast is not at an image's end");
      image : cover (m_axis_tvalid && m_axis_tready && m_axis_tlast);
    end
  end

endmodule
