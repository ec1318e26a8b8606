// SPDX-License-Identifier: Apache-2.0
// Words of whole pixels with channels added (0) or dropped at the top. Wires only: II = 1, latency 0.
module channels #(
    parameter int unsigned IN_WIDTH  = 32,  // bits of all channels that come
    parameter int unsigned OUT_WIDTH = 24,  // bits of all channels that leave
    localparam int unsigned IN_BITS  = (IN_WIDTH + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (OUT_WIDTH + 7) / 8 * 8,
    localparam int unsigned KEPT     = IN_WIDTH < OUT_WIDTH ? IN_WIDTH : OUT_WIDTH
) (
    input  logic ap_clk,
    input  logic ap_rst_n,

    input  logic [IN_BITS-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  assign m_axis_tdata  = OUT_BITS'(s_axis_tdata[KEPT-1:0]);
  assign m_axis_tvalid = s_axis_tvalid;
  assign s_axis_tready = m_axis_tready;

  logic unused;  // padding and what is dropped
  assign unused = &{1'b0, ap_clk, ap_rst_n, s_axis_tdata};

endmodule
