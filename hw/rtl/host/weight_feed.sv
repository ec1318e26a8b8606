// SPDX-License-Identifier: Apache-2.0
// Hands a file of weights to the accelerator byte by byte, from the window's words or from memory's bytes.
//
// A load lasts from the cycle after `go` until its last byte, which carries tlast, has been taken and the
// accelerator has judged the file: `loaded` or `refused`. The window's last word is taken where the file fills it.
//
// II = 1, latency 1 cycle.
module weight_feed #(
    parameter int unsigned LENGTH_BITS = 32  // of a file's length
) (
    input  logic ap_clk,
    input  logic ap_rst_n,        // synchronous, active low

    input  logic go,              // pulse: a load begins
    input  logic [LENGTH_BITS-1:0] bytes,  // of its file, with go: 1 or more
    input  logic from_memory,     // held
    output logic busy,
    input  logic loaded,          // what the accelerator says of the last file
    input  logic refused,

    input  logic [31:0] s_axis_window_tdata,
    input  logic s_axis_window_tvalid,
    output logic s_axis_window_tready,
    input  logic [7:0] s_axis_memory_tdata,
    input  logic s_axis_memory_tvalid,
    output logic s_axis_memory_tready,

    output logic [7:0] m_axis_tdata,
    output logic m_axis_tlast,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  logic [LENGTH_BITS-1:0] left_q;  // bytes that are still to come
  logic [1:0] place_q;    // of the next byte in the window's word, which waits for its last one
  logic open_q, sent_q;   // one may come; all were taken
  logic ready, take, last;

  assign ready = open_q && (!m_axis_tvalid || m_axis_tready);
  assign s_axis_memory_tready = ready && from_memory;
  assign s_axis_window_tready = ready && !from_memory && place_q == 3;
  assign take = ready && (from_memory ? s_axis_memory_tvalid : s_axis_window_tvalid);
  assign last = left_q == 1;

  always_ff @(posedge ap_clk) begin
    if (take) m_axis_tdata <= from_memory ? s_axis_memory_tdata : s_axis_window_tdata[8*place_q+:8];
    if (take) m_axis_tlast <= last;
    if (go) place_q <= '0;
    else if (take) place_q <= place_q + 1'b1;
    if (go) left_q <= bytes;
    else if (take) left_q <= left_q - 1'b1;
    if (!ap_rst_n) {busy, open_q, sent_q, m_axis_tvalid} <= '0;
    else begin
      m_axis_tvalid <= take || (m_axis_tvalid && !m_axis_tready);
      open_q <= go || (open_q && !(take && last));
      sent_q <= !go && (sent_q || (m_axis_tvalid && m_axis_tready && m_axis_tlast));
      busy <= go || (busy && !(sent_q && (loaded || refused)));
    end
  end

endmodule
