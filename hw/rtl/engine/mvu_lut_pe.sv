// SPDX-License-Identifier: Apache-2.0
// One output channel of mvu_lut: the rows of each pair of lanes, the adder tree over the pairs, the accumulator.
//
// A weight is read as base-4 digits d_j in {-2..2} (Booth): w = sum over j: d_j * 4^j. A row adds d_j * a to
// a running sum: an output bit of it is one LUT, of three weight bits, two activation bits and the bit added
// to, on the carry chain. Two lanes share one running sum, digit by digit, so that the first level of the
// adder tree and the sum of the digits cost nothing of their own.
// A module of its own, so that tools compile and synthesize one channel and not PE of them.
module mvu_lut_pe #(
    parameter int unsigned SIMD = 1,              // input channels
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits of the accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0,         // activations are signed
    parameter bit STATIC_WEIGHTS = 0,             // w never changes
    localparam int unsigned LANES = SIMD == 1 ? 1 : 2,  // that share a running sum
    localparam int unsigned SUMS = (SIMD + LANES - 1) / LANES,
    localparam int unsigned ROWS = LANES * ((WEIGHT_WIDTH + 1) / 2)  // each ends in a register
) (
    input  logic clk,
    input  logic en,                      // everything holds without it
    input  logic first,                   // the tree's sum begins a group
    input  logic [SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [ROWS-1:0][SUMS*LANES-1:0][ACTIVATION_WIDTH-1:0] a_at,  // [r]: activations of r cycles ago
    output logic signed [ACCU_WIDTH-1:0] p
);
  /* verilator no_inline_module */

  localparam int unsigned TREE = $clog2(SUMS);

  // Largest magnitude of a weight's value up to digit j - 1: its lower bits as a signed number.
  function automatic int prefix(input int j);
    if (j == 0) return 0;
    return 1 << ((2 * j < int'(WEIGHT_WIDTH) ? 2 * j : int'(WEIGHT_WIDTH)) - 1);
  endfunction

  // Smallest (high = 0) or largest running sum after row r, which adds digit r / LANES of lane r % LANES.
  function automatic int bound(input int r, input bit high);
    automatic int sum = 0;
    for (int lane = 0; lane < int'(LANES); lane++) begin
      automatic int magnitude = prefix(r / int'(LANES) + (lane <= r % int'(LANES) ? 1 : 0));
      if (SIGNED_ACTIVATIONS) sum += (high ? magnitude : -magnitude) << (ACTIVATION_WIDTH - 1);
      else if (magnitude > 0) sum += (high ? magnitude - 1 : -magnitude) * ((1 << ACTIVATION_WIDTH) - 1);
    end
    return sum;
  endfunction

  // Bits of the running sum after row r.
  function automatic int unsigned width(input int r);
    automatic int unsigned low = $clog2(-bound(r, 0)), high = $clog2(bound(r, 1) + 1);
    return 1 + (low > high ? low : high);
  endfunction

  localparam int unsigned PAIR_WIDTH = width(int'(ROWS) - 1);
  localparam int PAIR_LO = bound(int'(ROWS) - 1, 0), PAIR_HI = bound(int'(ROWS) - 1, 1);
  localparam int unsigned SUM_WIDTH = mvu_pkg::sumwidth(SUMS, PAIR_WIDTH, longint'(PAIR_LO), longint'(PAIR_HI));

  // Row r reads the weights of r cycles ago, of each lane the bits from the row's digit on: what no later row
  // reads is dropped, and the few bits that wait longest would take more LUTs as shift registers.
  logic [ROWS-1:0][SUMS*LANES-1:0][WEIGHT_WIDTH-1:0] w_at;
  assign w_at[0] = (SUMS * LANES * WEIGHT_WIDTH)'(w);
  for (genvar r = 1; r < ROWS; r++) begin : gen_w
    for (genvar l = 0; l < SUMS * LANES; l++) begin : gen_lane
      localparam int unsigned DIGIT = (r + LANES - 1 - l % LANES) / LANES;  // the next to be read
      localparam int unsigned LOW = DIGIT == 0 ? 0 : 2 * DIGIT - 1;
      if (STATIC_WEIGHTS) begin : gen_static
        assign w_at[r][l] = w_at[0][l];
      end else if (l >= SIMD || LOW >= WEIGHT_WIDTH) begin : gen_none
        assign w_at[r][l] = '0;
      end else begin : gen_delay
        (* shreg_extract = "no" *) logic [WEIGHT_WIDTH-1:LOW] live_q;
        always_ff @(posedge clk) if (en) live_q <= w_at[r-1][l][WEIGHT_WIDTH-1:LOW];
        assign w_at[r][l] = WEIGHT_WIDTH'(live_q) << LOW;
      end
    end
  end

  logic [PAIR_WIDTH-1:0] pair[SUMS];
  for (genvar s = 0; s < SUMS; s++) begin : gen_pair
    for (genvar r = 0; r < ROWS; r++) begin : gen_row
      localparam int unsigned SHIFT = r / LANES * 2;
      localparam int unsigned WIDTH = width(r);
      localparam int unsigned LANE = LANES * s + r % LANES;

      // The digit's three bits (the weight continued by its sign, preceded by 0) and what they choose.
      logic [WEIGHT_WIDTH+1:0] weight;
      logic [2:0] digit;
      logic [WIDTH-SHIFT-1:0] x, once, twice, product;
      assign weight = {w_at[r][LANE][WEIGHT_WIDTH-1], w_at[r][LANE], 1'b0};
      assign digit = weight[SHIFT+:3];
      assign x = SIGNED_ACTIVATIONS ? (WIDTH-SHIFT)'($signed(a_at[r][LANE])) : (WIDTH-SHIFT)'(a_at[r][LANE]);
      assign once = digit[1] ^ digit[0] ? x : '0;
      assign twice = digit == 3'b100 || digit == 3'b011 ? x << 1 : '0;
      assign product = {(WIDTH-SHIFT) {digit[2]}} ^ (once | twice);

      // A negative digit's product is the complement plus 1; the 1 enters as the carry out of a bit below.
      logic [WIDTH-1:0] base, next, held;
      logic carry;
      assign {next[WIDTH-1:SHIFT], carry} = {base[WIDTH-1:SHIFT], digit[2]} + {product, digit[2]};
      if (SHIFT > 0) begin : gen_low
        assign next[SHIFT-1:0] = base[SHIFT-1:0];
      end

      if (r == 0) begin : gen_first
        assign base = '0;
      end else begin : gen_next
        assign base = WIDTH'($signed(gen_row[r-1].held));
      end

      logic [WIDTH-1:SHIFT] high_q;
      always_ff @(posedge clk) if (en) high_q <= next[WIDTH-1:SHIFT];
      assign held[WIDTH-1:SHIFT] = high_q;
      if (SHIFT > 0 && STATIC_WEIGHTS) begin : gen_low_static
        logic [SHIFT-1:0] low_q;
        always_ff @(posedge clk) if (en) low_q <= next[SHIFT-1:0];
        assign held[SHIFT-1:0] = low_q;
      end else if (SHIFT > 0) begin : gen_low_delay  // too short to gain by a shift register LUT
        (* shreg_extract = "no" *) logic [SHIFT-1:0] low_q;
        always_ff @(posedge clk) if (en) low_q <= next[SHIFT-1:0];
        assign held[SHIFT-1:0] = low_q;
      end

      logic unused;
      assign unused = &{1'b0, carry, weight};
    end
    assign pair[s] = gen_row[ROWS-1].held;
  end

  logic [SUM_WIDTH-1:0] sum;
  add_multi #(.N(SUMS), .DEPTH(TREE), .ARG_WIDTH(PAIR_WIDTH), .ARG_LO(PAIR_LO), .ARG_HI(PAIR_HI)) tree (
      .clk(clk), .rst(1'b0), .en(en), .arg(pair), .sum(sum));

  always_ff @(posedge clk) if (en) p <= ACCU_WIDTH'($signed(sum)) + (first ? '0 : p);

endmodule
