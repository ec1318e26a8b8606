// SPDX-License-Identifier: Apache-2.0
// Hands every word of a stream to several streams, each at its own pace.
//
//   m_axis[k] carries the words of s_axis in their order, for every k
//
// II = 1, latency 0: data and valid pass through. One register per output says that it has the current word;
// the word is taken from s_axis in the cycle in which the last output takes it. No output's tvalid depends on
// any tready, so branches that meet again form no loop.
module stream_fork #(
    parameter int unsigned WIDTH   = 8,  // bits per word
    parameter int unsigned OUTPUTS = 2,  // streams that leave
    localparam int unsigned BITS   = (WIDTH + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                             // synchronous, active low

    input  logic [BITS-1:0] s_axis_tdata,               // a word
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUTPUTS-1:0][BITS-1:0] m_axis_tdata,  // the same word for each
    output logic [OUTPUTS-1:0] m_axis_tvalid,
    input  logic [OUTPUTS-1:0] m_axis_tready
);

  if (WIDTH < 1 || OUTPUTS < 1) begin : gen_bad_size
    $error("stream_fork: WIDTH=%0d and OUTPUTS=%0d must be 1 or more", WIDTH, OUTPUTS);
  end

  logic [OUTPUTS-1:0] done_q, has;  // the output took the current word before; it has it after this cycle

  assign m_axis_tdata = {OUTPUTS{s_axis_tdata}};
  assign m_axis_tvalid = {OUTPUTS{s_axis_tvalid}} & ~done_q;
  assign has = done_q | m_axis_tready;
  assign s_axis_tready = &has;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) done_q <= '0;
    else if (s_axis_tvalid) done_q <= s_axis_tready ? '0 : has;
  end

endmodule
