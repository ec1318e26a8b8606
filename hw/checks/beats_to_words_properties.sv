// SPDX-License-Identifier: Apache-2.0
// What beats_to_words promises, after any reset and for any calls and stalls.
module beats_to_words_properties #(
    parameter int unsigned BEAT_BYTES = 1,
    parameter int unsigned WORD_BYTES = 2,
    localparam int unsigned CW = $clog2(4 * (BEAT_BYTES + WORD_BYTES) + 1)
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [8*BEAT_BYTES-1:0] s_axis_tdata,
    input logic s_axis_tlast,
    input logic s_axis_tvalid,
    input logic m_axis_tready,
    input logic watch,            // a byte of the beat that enters now...
    input logic [CW-1:0] which    // ...this one
);

  logic ap_rst_n, s_axis_tready, m_axis_tlast, m_axis_tvalid, idle, push, pop;
  logic [8*WORD_BYTES-1:0] m_axis_tdata;
  logic [WORD_BYTES-1:0] m_axis_tkeep, kept;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(reset), .*);
  beats_to_words #(.BEAT_BYTES(BEAT_BYTES), .WORD_BYTES(WORD_BYTES)) dut (.*);

  stream_held #(.WIDTH(9 * WORD_BYTES + 1)) m_axis (
      .offer({m_axis_tdata, m_axis_tkeep, m_axis_tlast}), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  logic [CW-1:0] inside_q, ahead_q;  // the call's bytes that are inside; those before the watched one
  logic ended_q, watching_q;         // its last beat is inside
  logic [7:0] watched_q;
  logic word_inside, unchanged_now, zeros_now;
  assign word_inside = inside_q >= CW'(WORD_BYTES) || (ended_q && inside_q != 0);
  always_comb begin
    unchanged_now = 1'b1;
    zeros_now = 1'b1;
    for (int b = 0; b < WORD_BYTES; b++) begin
      kept[b] = CW'(b) < inside_q;
      if (watching_q && ahead_q == CW'(b) && m_axis_tdata[8*b+:8] != watched_q) unchanged_now = 1'b0;
      if (!kept[b] && m_axis_tdata[8*b+:8] != '0) zeros_now = 1'b0;
    end
  end

  stream_within #(.CYCLES(WORD_BYTES / BEAT_BYTES + 1)) leaving (.wanted(word_inside), .comes(m_axis_tvalid), .*);
  stream_within #(.CYCLES(WORD_BYTES / BEAT_BYTES + 4)) entering (
      .wanted(m_axis_tready), .comes(s_axis_tready || pop), .*);
  stream_within #(.CYCLES(2)) between (.wanted(inside_q == 0 && !ended_q), .comes(s_axis_tready), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) {inside_q, ended_q, watching_q} <= '0;
    else if (pop && m_axis_tlast) {inside_q, ended_q, watching_q} <= '0;
    else begin
      inside_q <= inside_q + (push ? CW'(BEAT_BYTES) : '0) - (pop ? CW'(WORD_BYTES) : '0);
      if (push && s_axis_tlast) ended_q <= 1'b1;
      if (!watching_q && push && watch && which < CW'(BEAT_BYTES)) begin
        watching_q <= 1'b1;
        ahead_q <= inside_q + which - (pop ? CW'(WORD_BYTES) : '0);
        for (int b = 0; b < BEAT_BYTES; b++) if (which == CW'(b)) watched_q <= s_axis_tdata[8*b+:8];
      end else if (pop) begin
        if (ahead_q < CW'(WORD_BYTES)) watching_q <= 1'b0;
        ahead_q <= ahead_q - CW'(WORD_BYTES);
      end
    end
    if (ap_rst_n) begin
      one_call : assert (!(push && ended_q)) else $error("%m: a beat entered behind the call's last");
      none_extra : assert (!m_axis_tvalid || word_inside) else $error("%m: a word leaves that has not come");
      unchanged : assert (!m_axis_tvalid || unchanged_now) else $error("%m: a byte was lost or changed");
      last : assert (!m_axis_tvalid || m_axis_tlast == (ended_q && inside_q <= CW'(WORD_BYTES)))
      else $error("%m: tlast");
      keep : assert (!m_axis_tvalid || m_axis_tkeep == kept) else $error("%m: tkeep is not of the bytes that came");
      filled : assert (!m_axis_tvalid || zeros_now) else $error("%m: a call's last word is not filled with zeros");
      idle_is_empty : assert (!idle || (inside_q == 0 && !ended_q)) else $error("%m: idle with bytes inside");
      capacity : assert (inside_q <= CW'(2 * BEAT_BYTES + 2 * WORD_BYTES)) else $error("%m: too many bytes are inside");
      part : cover (pop && m_axis_tlast && m_axis_tkeep != '1);
      whole : cover (pop && m_axis_tlast && m_axis_tkeep == '1);
    end
  end
  stream_within #(.CYCLES(2)) resting (.wanted(inside_q == 0 && !ended_q), .comes(idle), .*);


endmodule
