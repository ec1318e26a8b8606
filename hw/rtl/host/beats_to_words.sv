// SPDX-License-Identifier: Apache-2.0
// Packs the beats of a call into memory words, byte after byte.
//
//   byte i of the words = byte i of the call's beats; the call's last word is filled up with zeros
//
// II = 1 on the side with the narrower words, latency 1 cycle; 1 or 2 cycles between calls.
module beats_to_words #(
    parameter int unsigned BEAT_BYTES = 1,  // bytes per beat
    parameter int unsigned WORD_BYTES = 4   // bytes per word, a power of two
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                       // synchronous, active low

    input  logic [8*BEAT_BYTES-1:0] s_axis_tdata,  // a beat
    input  logic s_axis_tlast,                   // the call's last one
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [8*WORD_BYTES-1:0] m_axis_tdata,  // a word
    output logic [WORD_BYTES-1:0] m_axis_tkeep,  // its bytes that hold the call's
    output logic m_axis_tlast,                   // the call's last one
    output logic m_axis_tvalid,
    input  logic m_axis_tready,

    output logic idle                            // no byte is inside
);

  localparam int unsigned RW = WORD_BYTES > 1 ? $clog2(WORD_BYTES) : 1;
  localparam int unsigned CW = $clog2((2 * BEAT_BYTES + 2 * WORD_BYTES) / WORD_BYTES + 3);
  localparam int unsigned SW = $clog2(BEAT_BYTES + WORD_BYTES);

  if (BEAT_BYTES < 1 || WORD_BYTES < 1 || (WORD_BYTES & (WORD_BYTES - 1)) != 0) begin : gen_bad_size
    $error("beats_to_words: BEAT_BYTES=%0d must be 1 or more, WORD_BYTES=%0d a power of two",
           BEAT_BYTES, WORD_BYTES);
  end

  logic [RW-1:0] residue_q, tail_q;  // bytes of the unfinished word, of the call's last word (0: all)
  logic [CW-1:0] owed_q, made;       // words that are still to leave, that this beat completes
  logic ending_q;                    // the last beat is in: beats of zeros push its word out
  logic [SW-1:0] bytes;
  logic [RW-1:0] left;
  logic take, give, ready, valid;

  assign bytes = SW'(residue_q) + SW'(BEAT_BYTES);
  assign left = RW'(32'(bytes) % WORD_BYTES);
  assign made = CW'(32'(bytes) / WORD_BYTES);
  assign s_axis_tready = ready && !ending_q;
  assign take = s_axis_tvalid && s_axis_tready;
  assign give = m_axis_tvalid && m_axis_tready;
  assign m_axis_tvalid = valid && owed_q != 0;
  assign m_axis_tlast = ending_q && owed_q == 1;
  assign m_axis_tkeep = m_axis_tlast && tail_q != 0 ? ~({WORD_BYTES{1'b1}} << tail_q) : '1;
  assign idle = owed_q == 0 && residue_q == 0 && !ending_q;

  width_convert #(.IN_ELEMS(BEAT_BYTES), .OUT_ELEMS(WORD_BYTES), .ELEM_BITS(8)) convert (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !(ending_q && owed_q == 0)),
      .s_axis_tdata(ending_q ? '0 : s_axis_tdata), .s_axis_tvalid(ending_q || s_axis_tvalid),
      .s_axis_tready(ready), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(valid),
      .m_axis_tready(m_axis_tready && owed_q != 0));

  always_ff @(posedge ap_clk) begin
    if (take) tail_q <= left;
    if (!ap_rst_n) begin
      residue_q <= '0;
      owed_q <= '0;
      ending_q <= 1'b0;
    end else begin
      if (take) residue_q <= s_axis_tlast ? '0 : left;
      owed_q <= owed_q - CW'(give) + (take ? made + CW'(s_axis_tlast && left != 0) : '0);
      if (take && s_axis_tlast) ending_q <= 1'b1;
      else if (owed_q == 0) ending_q <= 1'b0;
    end
  end

endmodule
