// SPDX-License-Identifier: Apache-2.0
// tlast at every BEATS-th beat of a stream, from a register; the beats are wires. II = 1, latency 0.
module stream_last #(
    parameter int unsigned WIDTH = 8,  // bits of tdata
    parameter int unsigned BEATS = 1   // of an image
) (
    input  logic ap_clk,
    input  logic ap_rst_n,

    input  logic [WIDTH-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tlast,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned LW = $clog2(BEATS + 1);

  assign m_axis_tdata  = s_axis_tdata;
  assign m_axis_tvalid = s_axis_tvalid;
  assign s_axis_tready = m_axis_tready;

  logic [LW-1:0] left_q, left_d;  // beats of the image after the one that is next
  assign left_d = m_axis_tlast ? LW'(BEATS - 1) : left_q - 1;
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      left_q <= LW'(BEATS - 1);
      m_axis_tlast <= BEATS == 1;
    end else if (m_axis_tvalid && m_axis_tready) begin
      left_q <= left_d;
      m_axis_tlast <= left_d == 0;
    end
  end

endmodule
