// SPDX-License-Identifier: Apache-2.0
// A walk along one axis of a convolution: which kernel taps each output sees, in blocks of PAR.
//
//   p = o*STEP + PAD = i*STRIDE + k*DILATION,  0 <= i < SIZE,  0 <= k < KERNEL
//
// An output's taps have every APART-th k, from the first on with which STRIDE divides p - k*DILATION, and their i
// lie APART*DILATION/STRIDE before one another: 1 where there is no dilation. Block b holds taps b*PAR up to
// b*PAR + PAR - 1; blocks with a tap inside the input are walked, b ascending, and a mask says which of their taps
// those are. Inputs are counted in groups of PAR: i = group*PAR + place. Inputs of the next image follow after the
// last group of this one.
//
// II = 1, latency 1 cycle from `next` to the next output's. Everything is a register, read from tables that the
// index of the output after it looks up, so that no table lies between a walk's registers. A reset begins at 0.
module tap_axis #(
    parameter int unsigned SIZE   = 4,  // inputs along the axis
    parameter int unsigned KERNEL = 4,  // kernel size along the axis
    parameter int unsigned STRIDE = 2,  // upsampling factor
    parameter int unsigned PAD    = 1,  // leading outputs that are cropped off
    parameter int unsigned STEP   = 1,  // of so many outputs one is kept
    parameter int unsigned DILATION = 1,  // outputs between two kernel indices
    parameter int unsigned APART  = STRIDE,  // STRIDE / gcd(STRIDE, DILATION)
    parameter int unsigned OUT    = 8,  // outputs along the axis, kept
    parameter int unsigned PAR    = 1,  // taps of a block
    localparam int unsigned REACH = APART * DILATION / STRIDE,  // inputs between taps
    localparam int unsigned BLOCKS = ((KERNEL + APART - 1) / APART + PAR - 1) / PAR,  // of an output, at most
    localparam int unsigned PADDED = (SIZE + PAR - 1) / PAR * PAR,  // inputs in whole groups
    localparam int unsigned INDEX = OUT > 1 ? $clog2(OUT) : 1,  // width of an output's index
    localparam int unsigned BW = $clog2(BLOCKS + 1),         // width of a block count
    localparam int unsigned WW = $clog2(KERNEL + STRIDE),    // width of a weight index
    localparam int unsigned GW = $clog2((SIZE + (PAR - 1) * REACH) / PAR + 1),   // width of a group index
    localparam int unsigned PW = $clog2(PAR + 1),            // width of a place
    localparam int unsigned IW = $clog2(PADDED + 1)          // width of an input count
) (
    input  logic ap_clk,
    input  logic ap_rst_n,              // synchronous, active low

    input  logic next,                  // go on to the next output
    output logic last,                  // this output is the axis' last
    output logic empty,                 // it has no block
    output logic [BW-1:0] last_block,   // its number of blocks less 1; 0 where it has none
    output logic [WW-1:0] first_w,      // index of the first block's weights; the next block's is 1 more
    output logic [GW-1:0] first_g,      // group of the first block's first tap, counted from the oldest kept
    output logic [GW-1:0] first_abs,    // the same, counted from the start of the axis
    output logic [PW-1:0] place,        // place in its group of every block's first tap
    output logic [BLOCKS-1:0][PAR-1:0] mask,  // taps inside the input, of each block from the first on
    output logic [IW-1:0] more,         // inputs needed beyond those that the output before needed
    output logic [IW-1:0] drop          // inputs, in whole groups, that nobody needs after this output
);

  function automatic int unsigned position(int unsigned q);
    return q * STEP + PAD;
  endfunction

  // Kernel index of the first tap of output q, and KERNEL where there is none.
  function automatic int unsigned first_k(int unsigned q);
    first_k = KERNEL;
    for (int unsigned k = APART; k > 0; k--)
      if ((position(q) + (k - 1) * (STRIDE - DILATION % STRIDE)) % STRIDE == 0 && k <= KERNEL) first_k = k - 1;
  endfunction

  // Input of tap t of output q, where it has taps.
  function automatic int unsigned input_of(int unsigned q, int unsigned t);
    return (position(q) - first_k(q) * DILATION) / STRIDE - t * REACH;
  endfunction

  function automatic bit hits(int unsigned q, int unsigned t);
    int unsigned k;
    k = first_k(q) + t * APART;
    return k < KERNEL && position(q) >= k * DILATION && (position(q) - k * DILATION) / STRIDE < SIZE;
  endfunction

  function automatic bit block_hits(int unsigned q, int unsigned b);
    block_hits = 0;
    for (int unsigned d = 0; d < PAR; d++) if (hits(q, b * PAR + d)) block_hits = 1;
  endfunction

  function automatic int unsigned count_of(int unsigned q);
    count_of = 0;
    for (int unsigned b = 0; b < BLOCKS; b++) if (block_hits(q, b)) count_of++;
  endfunction

  function automatic int unsigned first_of(int unsigned q);
    first_of = 0;
    for (int unsigned b = BLOCKS; b > 0; b--) if (block_hits(q, b - 1)) first_of = b - 1;
  endfunction

  function automatic int unsigned weight_of(int unsigned q);
    weight_of = first_of(q);
    for (int unsigned k = 0; k < first_k(q); k++) weight_of += ((KERNEL - k + APART - 1) / APART + PAR - 1) / PAR;
  endfunction

  function automatic int unsigned lowest(int unsigned q);
    lowest = 0;
    for (int unsigned t = 0; t < BLOCKS * PAR; t++) if (hits(q, t)) lowest = input_of(q, t);
  endfunction

  // Inputs that must have arrived for output q, counted from the start of the axis.
  function automatic int unsigned needed(int unsigned q);
    needed = released(q);
    for (int unsigned p = 0; p <= q; p++)
      for (int unsigned t = BLOCKS * PAR; t > 0; t--)
        if (hits(p, t - 1) && input_of(p, t - 1) >= needed) needed = input_of(p, t - 1) + 1;
  endfunction

  // Leading inputs, in whole groups, that no output after q needs.
  function automatic int unsigned released(int unsigned q);
    released = PADDED;
    for (int unsigned p = OUT - 1; p > q; p--)
      if (count_of(p) != 0 && lowest(p) / PAR * PAR < released) released = lowest(p) / PAR * PAR;
  endfunction

  typedef struct packed {
    logic last, empty;
    logic [BW-1:0] last_block;
    logic [WW-1:0] first_w;
    logic [GW-1:0] first_g, first_abs;
    logic [PW-1:0] place;
    logic [BLOCKS-1:0][PAR-1:0] mask;
    logic [IW-1:0] more, drop;
  } output_t;

  output_t [OUT-1:0] outputs;
  // Parameters, so that tools compute the functions while they elaborate instead of unrolling them.
  for (genvar q = 0; q < OUT; q++) begin : gen_table
    localparam int unsigned COUNT = count_of(q);
    localparam int unsigned FIRST = first_of(q);
    localparam int unsigned I = COUNT == 0 ? 0 : input_of(q, FIRST * PAR);  // may lie beyond the input
    localparam int unsigned WEIGHT = weight_of(q);
    localparam int unsigned KEPT_FROM = q == 0 ? 0 : released(q == 0 ? 0 : q - 1);
    localparam int unsigned DROP = released(q) - KEPT_FROM;
    localparam int unsigned MORE = needed(q) - (q == 0 ? 0 : needed(q == 0 ? 0 : q - 1));
    assign outputs[q].last       = q == OUT - 1;
    assign outputs[q].empty      = COUNT == 0;
    assign outputs[q].last_block = BW'(COUNT == 0 ? 0 : COUNT - 1);
    assign outputs[q].first_w    = WW'(WEIGHT);
    assign outputs[q].first_g    = COUNT == 0 ? '0 : GW'(I / PAR - KEPT_FROM / PAR);
    assign outputs[q].first_abs  = GW'(I / PAR);
    assign outputs[q].place      = PW'(I % PAR);
    assign outputs[q].more       = IW'(MORE);
    assign outputs[q].drop       = IW'(DROP);
    for (genvar b = 0; b < BLOCKS; b++) begin : gen_block
      for (genvar d = 0; d < PAR; d++) begin : gen_tap
        localparam bit HIT = hits(q, (FIRST + b) * PAR + d);
        assign outputs[q].mask[b][d] = HIT;
      end
    end
  end

  output_t output_q;
  logic [INDEX-1:0] after_q;  // the output after it
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      output_q <= outputs[0];
      after_q <= INDEX'(OUT == 1 ? 0 : 1);
    end else if (next) begin
      output_q <= outputs[after_q];
      after_q <= 32'(after_q) == OUT - 1 ? '0 : after_q + 1'b1;
    end
  end
  assign {last, empty, last_block, first_w, first_g, first_abs, place, mask, more, drop} = output_q;

endmodule
