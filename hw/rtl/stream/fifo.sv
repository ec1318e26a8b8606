// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue, and a register slice: what leaves it on both sides leaves a register.
//
//   m_axis carries the words of s_axis in their order; up to DEPTH + 1 of them wait inside.
//
// II = 1, latency 2 cycles; tready says so a cycle after a place is free. A reset forgets every word.
module fifo #(
    parameter int unsigned WIDTH = 8,   // bits per word
    parameter int unsigned DEPTH = 2,   // words in the memory, besides the one in the output register
    /* verilator lint_off UNUSEDPARAM */
    parameter RAM_STYLE = "auto"        // ram_style of the memory: auto, distributed, block
    /* verilator lint_on UNUSEDPARAM */
) (
    input  logic ap_clk,
    input  logic ap_rst_n,              // synchronous, active low

    input  logic [WIDTH-1:0] s_axis_tdata,   // a word
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,  // the oldest word
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (WIDTH < 1 || DEPTH < 2) begin : gen_bad_size
    $error("fifo: WIDTH=%0d must be 1 or more, DEPTH=%0d 2 or more", WIDTH, DEPTH);
  end

  localparam int unsigned AW = $clog2(DEPTH);
  localparam int unsigned CW = $clog2(DEPTH + 1);

  (* ram_style = RAM_STYLE *) logic [WIDTH-1:0] words[DEPTH];
  logic [AW-1:0] write_q, read_q;
  logic [CW-1:0] count_q;  // words in the memory
  logic some_q;            // there is one
  logic push, load;

  assign push = s_axis_tvalid && s_axis_tready;
  assign load = some_q && (!m_axis_tvalid || m_axis_tready);

  always_ff @(posedge ap_clk) begin
    if (push) words[write_q] <= s_axis_tdata;
    if (load) m_axis_tdata <= words[read_q];
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      write_q <= '0;
      read_q <= '0;
      count_q <= '0;
      some_q <= 1'b0;
      s_axis_tready <= 1'b1;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (push) write_q <= write_q == AW'(DEPTH - 1) ? '0 : write_q + 1'b1;
      if (load) read_q <= read_q == AW'(DEPTH - 1) ? '0 : read_q + 1'b1;
      if (push != load) begin
        count_q <= push ? count_q + 1'b1 : count_q - 1'b1;
        some_q <= push || count_q != 1;
        s_axis_tready <= load || count_q != CW'(DEPTH - 1);
      end
      if (load) m_axis_tvalid <= 1'b1;
      else if (m_axis_tready) m_axis_tvalid <= 1'b0;
    end
  end

endmodule
