// SPDX-License-Identifier: Apache-2.0
// What weight_feed promises, after any reset, for any file, any stalls and whatever the accelerator says.
module weight_feed_properties #(
    parameter int unsigned CW = 3  // bits of a file's length
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic go,
    input logic [CW-1:0] bytes,
    input logic from_memory,
    input logic loaded,
    input logic refused,
    input logic [31:0] s_axis_window_tdata,
    input logic s_axis_window_tvalid,
    input logic [7:0] s_axis_memory_tdata,
    input logic s_axis_memory_tvalid,
    input logic m_axis_tready,
    input logic [CW-1:0] which  // with go: a byte of the file
);

  logic ap_rst_n, busy, s_axis_window_tready, s_axis_memory_tready, m_axis_tvalid, m_axis_tlast, word, pop;
  logic [7:0] m_axis_tdata;
  assign word = s_axis_window_tvalid && s_axis_window_tready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(reset), .*);
  weight_feed #(.LENGTH_BITS(CW)) dut (.*);

  stream_holds #(.WIDTH(32)) window (
      .offer(s_axis_window_tdata), .valid(s_axis_window_tvalid), .ready(s_axis_window_tready), .*);
  stream_holds #(.WIDTH(8)) memory (
      .offer(s_axis_memory_tdata), .valid(s_axis_memory_tvalid), .ready(s_axis_memory_tready), .*);
  stream_held #(.WIDTH(9)) m_axis (
      .offer({m_axis_tdata, m_axis_tlast}), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  logic [CW-1:0] bytes_q, which_q, in_q, out_q;  // of the file, of it the one looked at, those taken, those that left
  logic running_q, from_memory_q, follows_q;  // a byte leaves, and the next one is there
  logic [7:0] value_q;  // of that one
  stream_within #(.CYCLES(1)) leaving (
      .wanted(running_q && out_q < bytes_q && (from_memory ? s_axis_memory_tvalid : s_axis_window_tvalid)),
      .comes(m_axis_tvalid), .*);
  stream_within #(.CYCLES(1)) ending (.wanted(busy && out_q == bytes_q && (loaded || refused)), .comes(!busy), .*);

  always_ff @(posedge ap_clk) begin
    from_memory_q <= from_memory;
    follows_q <= ap_rst_n && running_q && pop && out_q + 1'b1 < bytes_q &&
        (from_memory ? s_axis_memory_tvalid : s_axis_window_tvalid);
    if (go) {bytes_q, which_q, in_q, out_q} <= {bytes, which, CW'(0), CW'(0)};
    else begin
      out_q <= out_q + CW'(pop);
      if (from_memory) in_q <= in_q + CW'(s_axis_memory_tvalid && s_axis_memory_tready);
      else in_q <= in_q + (word ? CW'(4) : '0);
    end
    if (from_memory && in_q == which_q) value_q <= s_axis_memory_tdata;
    if (!from_memory && in_q >> 2 == which_q >> 2) value_q <= s_axis_window_tdata[8*which_q[1:0]+:8];
    running_q <= ap_rst_n && (go || (running_q && !(out_q == bytes_q && (loaded || refused))));
    if (ap_rst_n) begin
      starts : assume (!go || (!busy && bytes != 0));
      stays : assume (!running_q || from_memory == from_memory_q);
      none_extra : assert (!m_axis_tvalid || (running_q && out_q < bytes_q)) else $error("%m: a byte that is none");
      unchanged : assert (!m_axis_tvalid || out_q != which_q || m_axis_tdata == value_q)
      else $error("%m: a byte was lost or changed");
      last : assert (!m_axis_tvalid || m_axis_tlast == (out_q + 1'b1 == bytes_q)) else $error("%m: tlast");
      whole : assert (!word || {1'b0, in_q} + 4 <= {1'b0, bytes_q}) else $error("%m: a word is taken too many");
      until_judged : assert (busy == running_q) else $error("%m: busy before or behind a load");
      goes_on : assert (!follows_q || m_axis_tvalid) else $error("%m: a cycle between two bytes that are there");
      by_window : cover (pop && m_axis_tlast && out_q == 4 && !from_memory);
      by_memory : cover (pop && m_axis_tlast && out_q == 2 && from_memory);
    end
  end

endmodule
