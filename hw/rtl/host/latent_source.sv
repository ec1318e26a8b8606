// SPDX-License-Identifier: Apache-2.0
// Makes latents: normal random numbers, quantized as the host quantizes them, then the one-hot label.
//
//   u = the next word of xoshiro128++;  element = LOW + the number of table entries t with u >= t
//   table entry k = 2^32 * P(a normal number quantizes to LOW + k or less)
//
// (xoshiro128++: Blackman and Vigna, Scrambled linear pseudorandom number generators, 2021.) The number is
// found by halving: stage s has the 2^s entries it may have to look at in its own memory, FILE_<s>.dat.
// `go` begins a call of `images` latents; without `reseed` the state goes on from where the last call left it.
//
// Elements are made as long as there is room for all that are under way, so nothing in the pipeline waits.
//
// II = 1 per element, latency 2 * BITS + 9 cycles.
module latent_source #(
    parameter int unsigned BITS = 8,         // of an element
    parameter int LOW = -128,                // the least element
    parameter int unsigned ELEMENTS = 32,    // of a latent, without the label
    parameter int unsigned CLASSES = 0,      // elements of the one-hot label
    parameter int unsigned BEAT_ELEMENTS = 1,  // elements per beat
    parameter FILE = "latent_table",         // the tables' files: hex, 2^s lines in stage s
    localparam int unsigned BEAT_BYTES = (BITS * BEAT_ELEMENTS + 7) / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                   // synchronous, active low

    input  logic go,                         // pulse, with what follows
    input  logic reseed,                     // begin with `seed`
    input  logic [31:0] images,
    input  logic [3:0][31:0] seed,           // state, from the cycle before go on; all zeros is taken for 1
    input  logic [31:0] label,               // for all latents of the call, held during it

    output logic [8*BEAT_BYTES-1:0] m_axis_tdata,  // BEAT_ELEMENTS elements
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (BITS < 2 || BITS > 9 || ELEMENTS < 1 || BEAT_ELEMENTS < 1) begin : gen_bad_size
    $error("latent_source: BITS=%0d must be 2 to 9, ELEMENTS=%0d and BEAT_ELEMENTS=%0d 1 or more",
           BITS, ELEMENTS, BEAT_ELEMENTS);
  end

  localparam int unsigned ALL = ELEMENTS + CLASSES;
  localparam int unsigned EW = ALL > 1 ? $clog2(ALL) : 1;
  localparam int unsigned STAGES = 2 * BITS + 2;  // two for the generator's output, two per halving
  localparam int unsigned DEPTH = 32;  // elements that wait, as many as a LUT RAM holds: STAGES are at most 20
  localparam logic [BITS-1:0] HOT = BITS'(LOW + 2 ** BITS - 1);  // the greatest element

  function automatic logic [31:0] rotl(input logic [31:0] x, input int unsigned n);
    return (x << n) | (x >> (32 - n));
  endfunction

  // Which element is next.
  logic [31:0] left_q;  // latents that are still to be made
  logic [EW-1:0] element_q;
  logic running, running_q, given_q, step_q, ends, labels, hot;
  logic signed [$clog2(DEPTH):0] places_q;  // for elements, less 2: a step lags by one
  assign labels = CLASSES != 0 && 32'(element_q) >= ELEMENTS;
  assign hot = 32'(element_q) - ELEMENTS == label;
  assign ends = element_q == EW'(ALL - 1);

  always_comb begin
    running = running_q;
    if (go) running = images != 0;
    else if (step_q && ends && left_q == 1) running = 1'b0;
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      running_q <= 1'b0;
      step_q <= 1'b0;
    end else begin
      running_q <= running;
      step_q <= running && !places_q[$clog2(DEPTH)];  // decided here, for it has the generator's registers as loads
    end
    if (go) begin
      left_q <= images;
      element_q <= '0;
    end else if (step_q) begin
      element_q <= ends ? '0 : element_q + 1'b1;
      if (ends) left_q <= left_q - 1;
    end
  end

  // The generator. Labels use none of its words.
  logic [3:0][31:0] state_q;
  logic blank_q;
  always_ff @(posedge ap_clk) begin
    blank_q <= seed == '0;
    if (!ap_rst_n) state_q <= 128'd1;
    else if (go && reseed) state_q <= seed | 128'(blank_q);
    else if (step_q && !labels) begin
      state_q[0] <= state_q[0] ^ state_q[3] ^ state_q[1];
      state_q[1] <= state_q[1] ^ state_q[2] ^ state_q[0];
      state_q[2] <= state_q[2] ^ state_q[0] ^ (state_q[1] << 9);
      state_q[3] <= rotl(state_q[3] ^ state_q[1], 11);
    end
  end

  // What goes down the pipeline with each word: whether it counts, whether it is a label, and which.
  logic [STAGES-1:0] valid_q, label_q, hot_q;
  logic [31:0] sum_q, first_q;
  logic [BITS-1:0][31:0] word_q;          // the word, at the start of each halving
  logic [BITS:0][BITS-1:0] index_q;       // what is found of the number, most significant bit first
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) valid_q <= '0;
    else valid_q <= {valid_q[STAGES-2:0], step_q};
    label_q <= {label_q[STAGES-2:0], labels};
    hot_q <= {hot_q[STAGES-2:0], hot};
    sum_q <= state_q[0] + state_q[3];
    first_q <= state_q[0];
    word_q[0] <= rotl(sum_q, 7) + first_q;
  end
  assign index_q[0] = '0;

  for (genvar s = 0; s < BITS; s++) begin : gen_halve
    (* ram_style = "distributed", rom_style = "distributed" *) logic [31:0] table_[2**s];
    initial $readmemh($sformatf("%s_%0d.dat", FILE, s), table_);
    localparam int unsigned AW = s > 0 ? s : 1;
    logic [AW-1:0] address;
    logic [31:0] entry_q, delayed_q;
    logic [BITS-1:0] so_far_q;
    assign address = AW'(index_q[s]);
    always_ff @(posedge ap_clk) begin
      entry_q <= table_[address];
      delayed_q <= word_q[s];
      so_far_q <= index_q[s];
      index_q[s+1] <= BITS'({so_far_q, delayed_q >= entry_q});
    end
    if (s < BITS - 1) begin : gen_next
      always_ff @(posedge ap_clk) word_q[s+1] <= delayed_q;
    end
  end

  // Elements, then beats of them.
  logic [BITS-1:0] value;
  logic [(BITS+7)/8*8-1:0] padded;
  always_comb begin
    value = index_q[BITS] + BITS'(LOW);
    if (label_q[STAGES-1]) value = hot_q[STAGES-1] ? HOT : '0;
  end
  logic ready, element_valid, element_ready, beat_valid, beat_ready;
  logic [BITS-1:0] element;
  logic [8*BEAT_BYTES-1:0] beat;
  fifo #(.WIDTH(BITS), .DEPTH(DEPTH)) made (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(value), .s_axis_tvalid(valid_q[STAGES-1]),
      .s_axis_tready(ready), .m_axis_tdata(element), .m_axis_tvalid(element_valid), .m_axis_tready(element_ready));
  assign padded = $bits(padded)'(element);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      places_q <= ($clog2(DEPTH) + 1)'(DEPTH - 2);
      given_q <= 1'b0;
    end else begin
      given_q <= element_valid && element_ready;  // its place counts a cycle late
      if (step_q != given_q) places_q <= given_q ? places_q + 1'b1 : places_q - 1'b1;
    end
  end

  width_convert #(.IN_ELEMS(1), .OUT_ELEMS(BEAT_ELEMENTS), .ELEM_BITS(BITS)) beats (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(padded), .s_axis_tvalid(element_valid),
      .s_axis_tready(element_ready), .m_axis_tdata(beat), .m_axis_tvalid(beat_valid), .m_axis_tready(beat_ready));
  fifo #(.WIDTH(8 * BEAT_BYTES)) skid (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(beat), .s_axis_tvalid(beat_valid),
      .s_axis_tready(beat_ready), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));

  logic unused;
  assign unused = &{1'b0, ready};

endmodule
