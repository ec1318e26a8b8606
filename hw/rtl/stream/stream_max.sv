// SPDX-License-Identifier: Apache-2.0
// Largest of several words, element by element: the maximum of a pool behind a window of pixels.
//
//   m_axis[k][e] = max(s_axis[k * WORDS + i][e], i = 0 .. WORDS - 1)
//
// Stream order as the input's, PE elements per word, element 0 in the low bits. II = 1, latency 1 cycle from a
// window's last word: the register that holds the largest so far is the result, and a new window begins in the
// cycle in which it is read.
module stream_max #(
    parameter int unsigned PE     = 1,  // elements per word
    parameter int unsigned BITS   = 4,  // of an element
    parameter bit          SIGNED = 0,  // elements are two's complement
    parameter int unsigned WORDS  = 4,  // of a window
    localparam int unsigned WIDTH = (PE * BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                   // synchronous, active low

    input  logic [WIDTH-1:0] s_axis_tdata,   // PE elements, then padding
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,   // PE elements, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (PE < 1 || BITS < 1 || WORDS < 1) begin : gen_bad_size
    $error("stream_max: PE=%0d, BITS=%0d and WORDS=%0d must be 1 or more", PE, BITS, WORDS);
  end

  logic [PE-1:0][BITS-1:0] words, best;
  logic take, first, last;
  assign words = s_axis_tdata[PE*BITS-1:0];

  if (WORDS > 1) begin : gen_count
    logic [$clog2(WORDS)-1:0] word_q;  // of the window
    assign first = word_q == '0;
    assign last = 32'(word_q) == WORDS - 1;
    always_ff @(posedge ap_clk)
      if (!ap_rst_n) word_q <= '0;
      else if (take) word_q <= last ? '0 : word_q + 1'b1;
  end else begin : gen_single
    assign {first, last} = 2'b11;
  end

  for (genvar e = 0; e < PE; e++) begin : gen_element
    logic [BITS-1:0] held;
    logic larger;
    assign held = m_axis_tdata[e*BITS+:BITS];
    assign larger = SIGNED ? signed'(words[e]) > signed'(held) : words[e] > held;
    assign best[e] = first || larger ? words[e] : held;
  end

  assign s_axis_tready = !m_axis_tvalid || m_axis_tready;
  assign take = s_axis_tvalid && s_axis_tready;

  always_ff @(posedge ap_clk) begin
    if (take) m_axis_tdata <= WIDTH'(best);
    if (!ap_rst_n) m_axis_tvalid <= 1'b0;
    else if (s_axis_tready) m_axis_tvalid <= take && last;
  end

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
