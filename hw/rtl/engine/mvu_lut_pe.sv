// SPDX-License-Identifier: Apache-2.0
// One output channel of mvu_lut: the rows of each group of pairs, the adder tree over the groups, the accumulator.
//
// Row r adds digit r / PAIRS of pair r % PAIRS of each group to the group's running sum, two rows in each cycle. A
// digit is a bit of each of the pair's two weights, and what it chooses is there already: nothing, one activation,
// the other, or their sum, which all channels share. So a bit of a running sum is one LUT, of those three, the digit
// and the bit added to, on the carry chain, and serves two products. The highest bits of weights count negative:
// their rows subtract. The first levels of the adder tree and the sum of the digits cost nothing of their own.
// A lone activation (SIMD = 1) takes two bits of its weight at a time and has what they choose given for each row.
// A module of its own, so that tools compile and synthesize one channel and not PE of them.
module mvu_lut_pe #(
    parameter int unsigned SIMD = 1,              // input channels
    parameter int unsigned PAIRS = 1,             // of them that share a running sum
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits of the accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0,         // activations are signed
    parameter bit STATIC_WEIGHTS = 0,             // w never changes
    localparam int unsigned STEP = SIMD == 1 ? 2 : 1,  // bits of a weight in a digit
    localparam int unsigned DIGITS = (WEIGHT_WIDTH + STEP - 1) / STEP,
    localparam int unsigned ROWS = PAIRS * DIGITS,
    localparam int unsigned SUMS = (SIMD + 2 * PAIRS - 1) / (2 * PAIRS),
    localparam int unsigned OW = ACTIVATION_WIDTH + STEP  // bits of what a digit chooses
) (
    input  logic clk,
    input  logic first,                   // the tree's sum begins a group
    input  logic [SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [ROWS-1:0][SUMS-1:0][2:0][OW-1:0] chosen,  // [r]: for row r's digits 1, 2, 3, in its cycle
    output logic signed [ACCU_WIDTH-1:0] p
);
  /* verilator no_inline_module */

  localparam int unsigned TREE = $clog2(SUMS);

  // Smallest (high = 0) or largest running sum after row r: of the bits of weights that are added by then.
  function automatic int bound(input int r, input bit high);
    automatic int sum = 0, least, most, corner;
    automatic int act_low = SIGNED_ACTIVATIONS ? -(1 << (ACTIVATION_WIDTH - 1)) : 0;
    automatic int act_high = (1 << (SIGNED_ACTIVATIONS ? ACTIVATION_WIDTH - 1 : ACTIVATION_WIDTH)) - 1;
    for (int pair = 0; pair < int'(PAIRS); pair++) begin
      automatic int bits = (r / int'(PAIRS) + (pair <= r % int'(PAIRS) ? 1 : 0)) * int'(STEP);
      automatic int low = bits < int'(WEIGHT_WIDTH) ? 0 : -(1 << (WEIGHT_WIDTH - 1));
      automatic int top = (1 << (bits < int'(WEIGHT_WIDTH) ? bits : int'(WEIGHT_WIDTH) - 1)) - 1;
      least = 0;
      most = 0;
      for (int c = 0; c < 4; c++) begin
        corner = (c[0] ? top : low) * (c[1] ? act_high : act_low);
        if (c == 0 || corner < least) least = corner;
        if (c == 0 || corner > most) most = corner;
      end
      sum += (SIMD == 1 ? 1 : 2) * (high ? most : least);
    end
    return sum;
  endfunction

  // Bits of the running sum after row r.
  function automatic int unsigned width(input int r);
    automatic int unsigned low = $clog2(-bound(r, 0)), high = $clog2(bound(r, 1) + 1);
    if (bound(r, 0) < 0) return 1 + (low > high ? low : high);
    return high;
  endfunction

  localparam int unsigned GROUP_WIDTH = width(int'(ROWS) - 1);
  localparam int GROUP_LO = bound(int'(ROWS) - 1, 0), GROUP_HI = bound(int'(ROWS) - 1, 1);
  localparam int unsigned SUM_WIDTH = mvu_pkg::sumwidth(SUMS, GROUP_WIDTH, longint'(GROUP_LO), longint'(GROUP_HI));

  logic [GROUP_WIDTH-1:0] group[SUMS];
  for (genvar s = 0; s < SUMS; s++) begin : gen_group
    for (genvar r = 0; r < ROWS; r++) begin : gen_row
      localparam int unsigned LOW = r / PAIRS * STEP;  // bit of the weights
      localparam int unsigned LANE = 2 * (PAIRS * s + r % PAIRS);
      localparam int unsigned WIDTH = width(r) > LOW ? width(r) : LOW + 1;
      localparam bit SUBTRACTS = SIMD > 1 && LOW == WEIGHT_WIDTH - 1;
      localparam bit SIGNED_CHOICE = SIGNED_ACTIVATIONS || (SIMD == 1 && LOW + STEP >= WEIGHT_WIDTH);

      // The digit, as late as the row.
      logic [1:0] digit_now, digit;
      if (SIMD == 1) begin : gen_lone
        assign digit_now = {w[0][LOW+1 < WEIGHT_WIDTH ? LOW+1 : LOW], w[0][LOW]};
      end else begin : gen_pair
        assign digit_now[0] = LANE < SIMD ? w[LANE<SIMD?LANE : 0][LOW] : 1'b0;
        assign digit_now[1] = LANE + 1 < SIMD ? w[LANE+1<SIMD?LANE+1 : 0][LOW] : 1'b0;
      end
      localparam int unsigned LATE = r / 2;
      if (STATIC_WEIGHTS || LATE == 0) begin : gen_now
        assign digit = digit_now;
      end else begin : gen_delay  // too short to gain by shift register LUTs
        (* shreg_extract = "no" *) logic [LATE-1:0][1:0] digit_q;
        always_ff @(posedge clk) digit_q <= (2 * LATE)'({digit_q, digit_now});
        assign digit = digit_q[LATE-1];
      end

      logic [OW-1:0] choice;
      assign choice = digit == 2'd0 ? '0 : chosen[r][s][digit-2'd1];
      logic [WIDTH-LOW-1:0] product;
      logic unused;  // bits that no sum has
      assign unused = &{1'b0, choice};
      assign product = SIGNED_CHOICE ? (WIDTH-LOW)'($signed(choice)) : (WIDTH-LOW)'(choice);

      logic [WIDTH-1:0] base, next, held;
      assign next[WIDTH-1:LOW] = SUBTRACTS ? base[WIDTH-1:LOW] - product : base[WIDTH-1:LOW] + product;
      if (LOW > 0) begin : gen_low
        assign next[LOW-1:0] = base[LOW-1:0];
      end

      if (r == 0) begin : gen_first
        assign base = '0;
      end else if (bound(r - 1, 0) < 0) begin : gen_signed
        assign base = WIDTH'($signed(gen_row[r-1].held));
      end else begin : gen_unsigned
        assign base = WIDTH'(gen_row[r-1].held);
      end

      if (r % 2 == 0 && r < ROWS - 1) begin : gen_no_register
        (* keep *) logic [WIDTH-1:0] both;  // else tools may add three numbers at once, which takes more LUTs
        assign both = next;
        assign held = both;
      end else if (STATIC_WEIGHTS || LOW == 0) begin : gen_register
        logic [WIDTH-1:0] held_q;
        always_ff @(posedge clk) held_q <= next;
        assign held = held_q;
      end else begin : gen_low_delay  // of the low bits, too short to gain by a shift register LUT
        logic [WIDTH-1:LOW] high_q;
        (* shreg_extract = "no" *) logic [LOW-1:0] low_q;
        always_ff @(posedge clk) begin
          high_q <= next[WIDTH-1:LOW];
          low_q <= next[LOW-1:0];
        end
        assign held = {high_q, low_q};
      end
    end
    assign group[s] = gen_row[ROWS-1].held;
  end

  logic [SUM_WIDTH-1:0] sum;
  add_multi #(.N(SUMS), .DEPTH(TREE), .ARG_WIDTH(GROUP_WIDTH), .ARG_LO(GROUP_LO), .ARG_HI(GROUP_HI)) tree (
      .clk(clk), .rst(1'b0), .en(1'b1), .arg(group), .sum(sum));

  always_ff @(posedge clk) p <= ACCU_WIDTH'($signed(sum)) + (first ? '0 : p);

endmodule
