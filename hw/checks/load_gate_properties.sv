// SPDX-License-Identifier: Apache-2.0
// What load_gate promises, after any reset, for any images, loads and stalls.
module load_gate_properties #(
    parameter int unsigned BEATS = 2,
    parameter int unsigned MOST_BITS = 2
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic loaded,
    input logic wanted,
    input logic s_axis_tvalid,
    input logic m_axis_tready,
    input logic left
);

  logic ap_rst_n, granted, s_axis_tready, m_axis_tvalid;
  any_reset resets (.again(reset), .*);
  load_gate #(.BEATS(BEATS), .MOST_BITS(MOST_BITS)) dut (.*);

  stream_holds #(.WIDTH(1)) s_axis (.offer(1'b0), .valid(s_axis_tvalid), .ready(s_axis_tready), .*);
  stream_held #(.WIDTH(1)) m_axis (.offer(1'b0), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  // Images that have begun to enter and have not left; beats of the one that enters.
  logic [MOST_BITS:0] inside_q;
  logic [$clog2(BEATS+1)-1:0] beats_q;
  logic beat, begins, whole;
  assign beat = m_axis_tvalid && m_axis_tready;
  assign begins = beat && beats_q == 0;
  assign whole = inside_q != 0 && (beats_q == 0 || inside_q != 1);  // one has entered and not left

  stream_within #(.CYCLES(1)) granting (.wanted(wanted && inside_q == 0 && !m_axis_tvalid), .comes(granted), .*);
  stream_within #(.CYCLES(1)) entering (
      .wanted(loaded && !wanted && 32'(inside_q) < 2 ** MOST_BITS - 2), .comes(s_axis_tready || !m_axis_tready), .*);

  logic wanted_q, granted_q, loaded_q;
  logic passed_q;  // an image has begun to enter while a load waits
  always_ff @(posedge ap_clk) begin
    inside_q <= !ap_rst_n ? '0 : inside_q + (MOST_BITS + 1)'(begins) - (MOST_BITS + 1)'(left);
    beats_q <= !ap_rst_n || (beat && 32'(beats_q) == BEATS - 1) ? '0 : beats_q + ($clog2(BEATS + 1))'(beat);
    wanted_q <= ap_rst_n && wanted && !granted;
    granted_q <= granted && wanted;
    loaded_q <= ap_rst_n && loaded;
    passed_q <= ap_rst_n && wanted && !granted && (passed_q || begins);
    if (ap_rst_n) begin
      leaves : assume (!left || whole);
      waits : assume (!wanted_q || wanted);
      stays : assume (!loaded_q || loaded || granted_q);
      alone : assert (!granted || (inside_q == 0 && !m_axis_tvalid)) else $error("%m: a load beside an image");
      ready : assert (!m_axis_tvalid || loaded || inside_q != 0) else $error("%m: an image enters without weights");
      few : assert (32'(inside_q) < 2 ** MOST_BITS) else $error("%m: too many images are inside");
      wires : assert (!s_axis_tready || m_axis_tready) else $error("%m: a beat is taken that goes nowhere");
      entered : assert (beat == (s_axis_tvalid && s_axis_tready)) else $error("%m: beats are lost or made up");
      goes_on : assert (beats_q == 0 || s_axis_tready == m_axis_tready) else $error("%m: an image is cut");
      once : assert (!passed_q || !begins) else $error("%m: a second image passes a load that waits");
      grants : cover (granted && wanted && loaded_q);
      full : cover (32'(inside_q) == 2 ** MOST_BITS - 1);
    end
  end

endmodule
