// SPDX-License-Identifier: Apache-2.0
// Joins images channel by channel: of each pixel all channels of the first input, then of the second, ...
//
//   y[row][col] = x[0][row][col], x[1][row][col], ...
//
// Raster order, PE channels per word, which divide every input's channels, so that the join only switches from
// stream to stream. Narrower elements are widened. II = 1, latency 1 cycle: the output is a register.
module stream_concat #(
    parameter int unsigned INPUTS = 2,   // streams that come
    parameter int unsigned PE     = 1,   // elements per word
    parameter int unsigned BITS   = 4,   // of an element that leaves
    parameter logic [INPUTS-1:0][31:0] IN_BITS   = '{default: 32'd4},  // of an element of each input
    parameter logic [INPUTS-1:0][31:0] IN_SIGNED = '{default: 32'd0},  // 1: it is two's complement
    parameter logic [INPUTS-1:0][31:0] WORDS     = '{default: 32'd1},  // of a pixel, of each input
    localparam int unsigned WIDTH = (PE * BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                              // synchronous, active low

    input  logic [INPUTS-1:0][WIDTH-1:0] s_axis_tdata,  // PE elements of IN_BITS each, then padding
    input  logic [INPUTS-1:0] s_axis_tvalid,
    output logic [INPUTS-1:0] s_axis_tready,

    output logic [WIDTH-1:0] m_axis_tdata,             // PE elements, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned IW = INPUTS > 1 ? $clog2(INPUTS) : 1;

  function automatic int unsigned most_words();
    most_words = 1;
    for (int k = 0; k < INPUTS; k++) if (WORDS[k] > most_words) most_words = WORDS[k];
  endfunction

  localparam int unsigned CW = $clog2(most_words() + 1);

  logic [INPUTS-1:0][WIDTH-1:0] widened;
  logic [IW-1:0] input_q;  // whose turn it is
  logic [CW-1:0] word_q;   // of its pixel
  logic room, take, input_end;

  for (genvar k = 0; k < INPUTS; k++) begin : gen_input
    localparam int unsigned NARROW = IN_BITS[k];
    if (NARROW < 1 || NARROW > BITS || WORDS[k] < 1) begin : gen_bad_size
      $error("stream_concat: input %0d: IN_BITS=%0d must be 1 to BITS=%0d, WORDS=%0d 1 or more",
             k, NARROW, BITS, WORDS[k]);
    end
    logic [PE-1:0][BITS-1:0] elements;
    for (genvar e = 0; e < PE; e++) begin : gen_element
      logic [NARROW-1:0] element;
      assign element = s_axis_tdata[k][e*NARROW+:NARROW];
      assign elements[e] = IN_SIGNED[k] != 0 ? BITS'(signed'(element)) : BITS'(element);
    end
    assign widened[k] = WIDTH'(elements);
    assign s_axis_tready[k] = room && input_q == IW'(k);
  end

  assign room = !m_axis_tvalid || m_axis_tready;
  assign take = s_axis_tvalid[input_q] && room;
  assign input_end = 32'(word_q) == WORDS[input_q] - 1;

  always_ff @(posedge ap_clk) begin
    if (take) m_axis_tdata <= widened[input_q];
    if (!ap_rst_n) begin
      m_axis_tvalid <= 1'b0;
      input_q <= '0;
      word_q <= '0;
    end else begin
      if (room) m_axis_tvalid <= take;
      if (take) begin
        word_q <= input_end ? '0 : word_q + 1'b1;
        if (input_end) input_q <= 32'(input_q) == INPUTS - 1 ? '0 : input_q + 1'b1;
      end
    end
  end

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
