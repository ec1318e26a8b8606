// SPDX-License-Identifier: Apache-2.0
// What width_convert promises, after any reset and for any words and stalls.
module width_convert_properties #(
    parameter int unsigned IN_ELEMS = 3,
    parameter int unsigned OUT_ELEMS = 2,
    parameter int unsigned ELEM_BITS = 1,
    // a ratio that is no integer: room for a word of each side, and for the narrower one's twice
    localparam int unsigned LESS = IN_ELEMS < OUT_ELEMS ? IN_ELEMS : OUT_ELEMS,
    localparam int unsigned CAPACITY = IN_ELEMS % OUT_ELEMS == 0 ? IN_ELEMS
        : OUT_ELEMS % IN_ELEMS == 0 ? OUT_ELEMS : IN_ELEMS + OUT_ELEMS + LESS,
    localparam int unsigned CW = $clog2(CAPACITY + IN_ELEMS + OUT_ELEMS + 1),
    localparam int unsigned IN_BITS = (IN_ELEMS * ELEM_BITS + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (OUT_ELEMS * ELEM_BITS + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [IN_BITS-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch,
    input logic [CW-1:0] which
);

  logic ap_rst_n, s_axis_tready, m_axis_tvalid, push, pop;
  logic [OUT_BITS-1:0] m_axis_tdata;
  logic [CW-1:0] waiting;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(reset), .*);
  width_convert #(.IN_ELEMS(IN_ELEMS), .OUT_ELEMS(OUT_ELEMS), .ELEM_BITS(ELEM_BITS)) dut (.*);

  stream_held #(.WIDTH(OUT_BITS)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
  stream_order #(.BITS(ELEM_BITS), .IN(IN_ELEMS), .OUT(OUT_ELEMS), .CAPACITY(CAPACITY)) elements (
      .enters(s_axis_tdata[IN_ELEMS*ELEM_BITS-1:0]), .leaves(m_axis_tdata[OUT_ELEMS*ELEM_BITS-1:0]),
      .offered(m_axis_tvalid), .inside_q(waiting), .*);
  stream_within #(.CYCLES(0)) leaving (.wanted(waiting >= CW'(OUT_ELEMS)), .comes(m_axis_tvalid), .*);
  stream_within #(.CYCLES(0)) entering (.wanted(waiting < CW'(OUT_ELEMS)), .comes(s_axis_tready), .*);
  stream_rate #(.AFTER(1)) rate (
      .willing(s_axis_tvalid && m_axis_tready), .moves(IN_ELEMS < OUT_ELEMS ? push : pop), .*);

endmodule
