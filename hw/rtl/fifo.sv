// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue with a registered output.
//
//   m_axis carries the words of s_axis in their order; up to DEPTH + 1 of them wait inside.
//
// II = 1 (DEPTH >= 2), latency 2 cycles.
module fifo #(
    parameter int unsigned WIDTH = 8,   // bits per word
    parameter int unsigned DEPTH = 2,   // words in the memory, besides the one in the output register
    parameter RAM_STYLE = "auto"        // ram_style of the memory
) (
    input  logic ap_clk,
    input  logic ap_rst_n,              // synchronous, active low

    input  logic [WIDTH-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int unsigned CW = $clog2(DEPTH + 1);

  (* ram_style = RAM_STYLE *) logic [WIDTH-1:0] words[DEPTH];
  logic [AW-1:0] write_q, read_q;
  logic [CW-1:0] count_q;
  logic push, load;

  assign s_axis_tready = count_q != CW'(DEPTH);
  assign push = s_axis_tvalid && s_axis_tready;
  assign load = count_q != 0 && (!m_axis_tvalid || m_axis_tready);

  always_ff @(posedge ap_clk) begin
    if (push) words[write_q] <= s_axis_tdata;
    if (load) m_axis_tdata <= words[read_q];
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      write_q <= '0;
      read_q <= '0;
      count_q <= '0;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (push) write_q <= write_q == AW'(DEPTH - 1) ? '0 : write_q + 1'b1;
      if (load) read_q <= read_q == AW'(DEPTH - 1) ? '0 : read_q + 1'b1;
      count_q <= count_q + CW'(push) - CW'(load);
      if (load) m_axis_tvalid <= 1'b1;
      else if (m_axis_tready) m_axis_tvalid <= 1'b0;
    end
  end

endmodule
