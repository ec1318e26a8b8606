// SPDX-License-Identifier: Apache-2.0
// What fifo promises, after any reset and for any words and stalls.
module fifo_properties #(
    parameter int unsigned WIDTH = 2,
    parameter int unsigned DEPTH = 3,
    localparam int unsigned CW = $clog2(DEPTH + 4)
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [WIDTH-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch,
    input logic [CW-1:0] which
);

  logic ap_rst_n, s_axis_tready, m_axis_tvalid, push, pop;
  logic [WIDTH-1:0] m_axis_tdata;
  logic [CW-1:0] waiting;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(reset), .*);
  fifo #(.WIDTH(WIDTH), .DEPTH(DEPTH)) dut (.*);

  stream_held #(.WIDTH(WIDTH)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
  stream_order #(.BITS(WIDTH), .CAPACITY(DEPTH + 1)) words (
      .enters(s_axis_tdata), .leaves(m_axis_tdata), .offered(m_axis_tvalid), .inside_q(waiting), .*);
  stream_within #(.CYCLES(1)) leaving (.wanted(waiting != 0), .comes(m_axis_tvalid), .*);
  stream_within #(.CYCLES(1)) entering (.wanted(waiting <= CW'(DEPTH)), .comes(s_axis_tready), .*);
  stream_rate #(.AFTER(2)) rate (.willing(s_axis_tvalid && m_axis_tready), .moves(push && pop), .*);

endmodule
