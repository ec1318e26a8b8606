// SPDX-License-Identifier: Apache-2.0
// fifo.sv, cycle by cycle, whose depth is read when a simulation starts: one program for all depths.
//
// Line DEPTH of fifo_depths.hex says how many words it holds besides the one in the output register.
module fifo #(
    parameter int unsigned WIDTH = 8,   // bits per word
    parameter int unsigned DEPTH = 2,   // its place in the table
    /* verilator lint_off UNUSEDPARAM */
    parameter RAM_STYLE = "auto"
    /* verilator lint_on UNUSEDPARAM */
) (
    input  logic ap_clk,
    input  logic ap_rst_n,

    input  logic [WIDTH-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned MOST = 4096;  // FIFOs of a design

  int unsigned depths[MOST];
  initial $readmemh("fifo_depths.hex", depths);

  logic [WIDTH-1:0] words[$];
  int unsigned count_q;
  logic push, load;
  assign push = s_axis_tvalid && s_axis_tready;
  assign load = count_q != 0 && (!m_axis_tvalid || m_axis_tready);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      words.delete();
      count_q <= 0;
      s_axis_tready <= 1'b1;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (load) m_axis_tdata <= words.pop_front();
      if (push) words.push_back(s_axis_tdata);
      if (push != load) begin
        count_q <= push ? count_q + 1 : count_q - 1;
        s_axis_tready <= load || count_q != depths[DEPTH] - 1;
      end
      if (load) m_axis_tvalid <= 1'b1;
      else if (m_axis_tready) m_axis_tvalid <= 1'b0;
    end
  end

endmodule
