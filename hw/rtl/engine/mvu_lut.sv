// SPDX-License-Identifier: Apache-2.0
// Matrix-vector compute core in LUTs, with the ports of FINN's mvu as finn_sources.py patches it.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s];  `first` begins a group, `last` ends it
//
// II = 1, latency LATENCY cycles from `last` to `vld`: the rows of a pair of lanes, the adder tree over the
// pairs, the accumulator: 2 * DIGITS + $clog2(SIMD), with DIGITS = (WEIGHT_WIDTH + 1) / 2; for SIMD = 1 it is
// DIGITS + 1. Operands come from registers; steps between groups have a = 0. A reset forgets the groups under
// way: it clears `vld` alone, for a sum starts anew at `first`.
module mvu_lut #(
    parameter int unsigned PE = 1,                // output channels
    parameter int unsigned SIMD = 1,              // input channels
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits per accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0,         // activations are signed
    parameter bit STATIC_WEIGHTS = 0              // w never changes: constants make small multipliers
) (
    input  logic clk,
    input  logic rst,    // synchronous, active high
    input  logic en,     // everything holds without it
    input  logic first,  // this step begins a group
    input  logic last,   // this step ends its group
    input  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,    // p holds the sum of a group
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);

  localparam int unsigned LANES = SIMD == 1 ? 1 : 2;  // that share a running sum
  localparam int unsigned SUMS = (SIMD + LANES - 1) / LANES;
  localparam int unsigned ROWS = LANES * ((WEIGHT_WIDTH + 1) / 2);  // each ends in a register
  localparam int unsigned TREE = $clog2(SUMS);
  localparam int unsigned LATENCY = ROWS + TREE + 1;

  if (PE == 0 || SIMD == 0) begin : gen_no_lane
    $error("mvu_lut: PE=%0d and SIMD=%0d must be 1 or more", PE, SIMD);
  end
  if (WEIGHT_WIDTH == 0 || ACTIVATION_WIDTH == 0 || WEIGHT_WIDTH + ACTIVATION_WIDTH > 24) begin : gen_bad_width
    $error("mvu_lut: WEIGHT_WIDTH=%0d and ACTIVATION_WIDTH=%0d must be 1 or more and 24 together or less",
           WEIGHT_WIDTH, ACTIVATION_WIDTH);
  end

  logic [LATENCY-1:0] last_q;
  (* max_fanout = 256, shreg_extract = "no" *) logic [LATENCY-2:0] first_q;  // its end drives all accumulators
  always_ff @(posedge clk) begin
    if (rst) last_q <= '0;
    else if (en) last_q <= {last_q[LATENCY-2:0], last};
    if (en) first_q <= (LATENCY - 1)'({first_q, first});
  end
  assign vld = last_q[LATENCY-1];

  // Row r reads the operands of r cycles ago.
  logic [ROWS-1:0][SUMS*LANES-1:0][ACTIVATION_WIDTH-1:0] a_at;
  assign a_at[0] = (SUMS * LANES * ACTIVATION_WIDTH)'(a);
  for (genvar r = 1; r < ROWS; r++) begin : gen_a
    always_ff @(posedge clk) begin
      if (en) a_at[r] <= a_at[r-1];
    end
  end

  for (genvar i = 0; i < PE; i++) begin : gen_pe
    mvu_lut_pe #(.SIMD(SIMD), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACTIVATION_WIDTH),
                 .ACCU_WIDTH(ACCU_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACTIVATIONS),
                 .STATIC_WEIGHTS(STATIC_WEIGHTS)) pe (
        .clk(clk), .en(en), .first(first_q[LATENCY-2]), .w(w[i]), .a_at(a_at), .p(p[i]));
  end

endmodule
