// SPDX-License-Identifier: Apache-2.0
// One axis of a transposed convolution as a table: which kernel taps output index o sees.
//
//   o + PAD = i*STRIDE + k,  0 <= i < SIZE,  0 <= k < KERNEL
//
// Taps are walked with k ascending by STRIDE and i descending by 1. Combinational.
module tap_axis #(
    parameter int unsigned SIZE   = 4,  // inputs along the axis
    parameter int unsigned KERNEL = 4,  // kernel size along the axis
    parameter int unsigned STRIDE = 2,  // upsampling factor
    parameter int unsigned PAD    = 1,  // leading outputs that are cropped off
    parameter int unsigned OUT    = 8,  // outputs along the axis
    localparam int unsigned OW = $clog2(OUT + 1),     // width of an output index
    localparam int unsigned IW = $clog2(SIZE + 1),    // width of an input count
    localparam int unsigned KW = $clog2(KERNEL + 1)   // width of a tap count
) (
    input  logic [OW-1:0] o,         // output index
    output logic [KW-1:0] count,     // number of taps
    output logic [KW-1:0] first_k,   // kernel index of the first tap
    output logic [IW-1:0] first_i,   // input index of the first tap, counted from the oldest input kept
    output logic [IW-1:0] first_abs, // the same, counted from the start of the axis
    output logic [IW-1:0] needed,    // inputs that must be there, counted from the oldest input kept
    output logic [IW-1:0] drop       // inputs that nobody needs after this output
);

  function automatic bit hits(int unsigned q, int unsigned k);
    return q + PAD >= k && (q + PAD - k) % STRIDE == 0 && (q + PAD - k) / STRIDE < SIZE;
  endfunction

  function automatic int unsigned count_of(int unsigned q);
    count_of = 0;
    for (int unsigned k = 0; k < KERNEL; k++) if (hits(q, k)) count_of++;
  endfunction

  function automatic int unsigned k_of(int unsigned q);
    k_of = 0;
    for (int unsigned k = KERNEL; k > 0; k--) if (hits(q, k - 1)) k_of = k - 1;
  endfunction

  function automatic int unsigned i_of(int unsigned q);
    return count_of(q) == 0 ? 0 : (q + PAD - k_of(q)) / STRIDE;
  endfunction

  // Leading inputs that no output after q needs.
  function automatic int unsigned released(int unsigned q);
    released = SIZE;
    for (int unsigned p = OUT - 1; p > q; p--)
      if (count_of(p) != 0) released = i_of(p) - (count_of(p) - 1);
  endfunction

  function automatic int unsigned kept_from(int unsigned q);
    return q == 0 ? 0 : released(q - 1);
  endfunction

  function automatic int unsigned needed_of(int unsigned q);
    int unsigned high;
    high = count_of(q) == 0 ? 0 : i_of(q) + 1;
    if (high < released(q)) high = released(q);
    return high - kept_from(q);
  endfunction

  logic [OUT-1:0][KW-1:0] count_table, k_table;
  logic [OUT-1:0][IW-1:0] i_table, abs_table, needed_table, drop_table;
  for (genvar q = 0; q < OUT; q++) begin : gen_table
    assign count_table[q]  = KW'(count_of(q));
    assign k_table[q]      = KW'(k_of(q));
    assign i_table[q]      = count_of(q) == 0 ? '0 : IW'(i_of(q) - kept_from(q));
    assign abs_table[q]    = IW'(i_of(q));
    assign needed_table[q] = IW'(needed_of(q));
    assign drop_table[q]   = IW'(released(q) - kept_from(q));
  end

  logic [(OUT > 1 ? $clog2(OUT) : 1)-1:0] index;
  assign index     = o[$bits(index)-1:0];
  assign count     = count_table[index];
  assign first_k   = k_table[index];
  assign first_i   = i_table[index];
  assign first_abs = abs_table[index];
  assign needed    = needed_table[index];
  assign drop      = drop_table[index];

  logic unused;  // a bit of o where OUT is a power of two
  assign unused = &{1'b0, o};

endmodule
