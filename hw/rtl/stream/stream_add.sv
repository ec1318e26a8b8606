// SPDX-License-Identifier: Apache-2.0
// Weighted sum of two streams, element by element.
//
//   m_axis[e] = FACTOR_0 * s_axis[0][e] + FACTOR_1 * s_axis[1][e], its negative in channels that are NEGATED
//
// Stream order as the inputs', PE elements per word, element 0 in the low bits, CHANNELS / PE words per pixel.
// II = 1, latency 1 cycle: words are taken in pairs, when both are there and the result register is free or
// being read. Factors are constant: each is an adder per bit that is set.
module stream_add #(
    parameter int unsigned CHANNELS = 1,   // of a pixel
    parameter logic [(CHANNELS + 31) / 32 - 1:0][31:0] NEGATED = '0,  // a bit per channel, the first one lowest
    parameter int unsigned PE       = 1,   // elements per word
    parameter int unsigned BITS_0   = 4,   // of an element of each input
    parameter int unsigned BITS_1   = 4,
    parameter bit          SIGNED_0 = 0,   // inputs are two's complement
    parameter bit          SIGNED_1 = 0,
    parameter int unsigned FACTOR_0 = 1,   // what each input is multiplied by
    parameter int unsigned FACTOR_1 = 1,
    parameter int unsigned ACC_BITS = 6,   // of a sum, two's complement; holds every sum
    localparam int unsigned WIDEST  = BITS_0 > BITS_1 ? BITS_0 : BITS_1,
    localparam int unsigned IN_BITS = (PE * WIDEST + 7) / 8 * 8,  // of the wider input's words
    localparam int unsigned OUT_BITS = (PE * ACC_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                       // synchronous, active low

    input  logic [1:0][IN_BITS-1:0] s_axis_tdata, // PE elements of each input, then padding
    input  logic [1:0] s_axis_tvalid,
    output logic [1:0] s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,    // PE sums, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (CHANNELS % PE != 0) begin : gen_bad_channels
    $error("stream_add: PE=%0d does not divide CHANNELS=%0d", PE, CHANNELS);
  end

  if (PE < 1 || BITS_0 < 1 || BITS_1 < 1 || FACTOR_0 < 1 || FACTOR_1 < 1) begin : gen_bad_size
    $error("stream_add: PE=%0d, BITS_0=%0d, BITS_1=%0d, FACTOR_0=%0d and FACTOR_1=%0d must be 1 or more", PE, BITS_0,
           BITS_1, FACTOR_0, FACTOR_1);
  end
  if (ACC_BITS < WIDEST) begin : gen_bad_sum
    $error("stream_add: ACC_BITS=%0d must be at least %0d", ACC_BITS, WIDEST);
  end

  function automatic logic [ACC_BITS-1:0] scaled(logic [ACC_BITS-1:0] value, int unsigned factor);
    scaled = '0;
    for (int i = 0; i < 32; i++) if (factor[i]) scaled += value << i;
  endfunction

  localparam int unsigned FOLDS = CHANNELS / PE;
  localparam logic [(CHANNELS + 31) / 32 * 32 - 1:0] FLAGS = NEGATED;

  logic [PE-1:0][ACC_BITS-1:0] sums;
  logic [PE-1:0] negate;  // elements of this word
  logic room, take;

  if (NEGATED != '0 && FOLDS > 1) begin : gen_folds
    logic [FOLDS-1:0][PE-1:0] flags;
    logic [$clog2(FOLDS)-1:0] fold_q;
    assign flags = FLAGS[CHANNELS-1:0];
    assign negate = flags[fold_q];
    always_ff @(posedge ap_clk)
      if (!ap_rst_n) fold_q <= '0;
      else if (take) fold_q <= 32'(fold_q) == FOLDS - 1 ? '0 : fold_q + 1'b1;
  end else begin : gen_constant
    assign negate = FLAGS[PE-1:0];
  end

  for (genvar e = 0; e < PE; e++) begin : gen_element
    logic [BITS_0-1:0] a;
    logic [BITS_1-1:0] b;
    logic [ACC_BITS-1:0] wide_a, wide_b, sum;
    assign a = s_axis_tdata[0][e*BITS_0+:BITS_0];
    assign b = s_axis_tdata[1][e*BITS_1+:BITS_1];
    assign wide_a = SIGNED_0 ? ACC_BITS'(signed'(a)) : ACC_BITS'(a);
    assign wide_b = SIGNED_1 ? ACC_BITS'(signed'(b)) : ACC_BITS'(b);
    assign sum = scaled(wide_a, FACTOR_0) + scaled(wide_b, FACTOR_1);
    assign sums[e] = negate[e] ? -sum : sum;
`ifdef VERILATOR
    logic signed [63:0] exact;
    assign exact = 64'(FACTOR_0) * (SIGNED_0 ? 64'(signed'(a)) : 64'(a))
        + 64'(FACTOR_1) * (SIGNED_1 ? 64'(signed'(b)) : 64'(b));
    always_ff @(posedge ap_clk)
      if (ap_rst_n && take)
        assert ((negate[e] ? -exact : exact) == 64'(signed'(sums[e])))
        else $error("stream_add: %0d does not fit ACC_BITS", exact);
`endif
  end

  assign room = !m_axis_tvalid || m_axis_tready;
  assign take = &s_axis_tvalid && room;
  assign s_axis_tready = {2{take}};

  always_ff @(posedge ap_clk) begin
    if (take) m_axis_tdata <= OUT_BITS'(sums);
    if (!ap_rst_n) m_axis_tvalid <= 1'b0;
    else if (room) m_axis_tvalid <= take;
  end

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
