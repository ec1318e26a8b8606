// SPDX-License-Identifier: Apache-2.0
// FINN's mvu at twice the clock: each step's products are computed half by half in two fast cycles.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s];  `first` begins a group, `last` ends it
//
// Half the DSP slices and adders of an mvu of the same SIMD. clk2x is synchronous to clk, with an edge at every
// edge of clk and one in between. All ports belong to clk. II = 1; latency from `last` to `vld`:
// 1 + (L + 1) / 2 cycles of clk, where L is the latency of an mvu of half the SIMD in fast cycles.
module mvu_pumped #(
    parameter int unsigned VERSION = 2,           // 1: DSP48E1, 2: DSP48E2
    parameter int unsigned PE = 1,                // output channels
    parameter int unsigned SIMD = 2,              // input channels, 2 or more
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits per accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0,         // activations are signed
    parameter bit NARROW_WEIGHTS = 0              // no weight is -2^(WEIGHT_WIDTH-1)
) (
    input  logic clk,
    input  logic clk2x,
    input  logic rst,    // synchronous to clk, active high
    input  logic first,  // this step begins a group
    input  logic last,   // this step ends its group
    input  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,    // p holds the sum of a group
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);

  localparam int unsigned HALF = (SIMD + 1) / 2;

  if (SIMD < 2) begin : gen_no_half
    $error("mvu_pumped: SIMD=%0d must be 2 or more", SIMD);
  end

  // High in the second fast cycle of a cycle of clk, which is where toggle_q has not just changed.
  logic toggle_q, toggle_seen_q, second_q;
  always_ff @(posedge clk) begin
    if (rst) toggle_q <= 1'b0;
    else toggle_q <= !toggle_q;
  end
  always_ff @(posedge clk2x) begin
    toggle_seen_q <= toggle_q;
    second_q <= !rst && toggle_q != toggle_seen_q;
  end

  // The low half is taken at the edge between those of clk, the high half at the edge that ends the step.
  logic [PE-1:0][HALF-1:0][WEIGHT_WIDTH-1:0] w_q;
  logic [HALF-1:0][ACTIVATION_WIDTH-1:0] a_q;
  logic first_q, last_q;
  for (genvar s = 0; s < HALF; s++) begin : gen_half
    localparam bit ODD = HALF + s >= SIMD;  // nothing is left for the high half
    localparam int unsigned HIGH = ODD ? s : HALF + s;
    always_ff @(posedge clk2x) begin
      a_q[s] <= !second_q ? a[s] : ODD ? '0 : a[HIGH];
      for (int i = 0; i < PE; i++) w_q[i][s] <= second_q ? w[i][HIGH] : w[i][s];
    end
  end
  always_ff @(posedge clk2x) begin
    first_q <= first && !second_q;
    last_q <= !rst && last && second_q;
  end

  logic core_vld;
  logic signed [PE-1:0][ACCU_WIDTH-1:0] core_p;
  mvu #(.VERSION(VERSION), .PE(PE), .SIMD(HALF), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACTIVATION_WIDTH),
        .ACCU_WIDTH(ACCU_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACTIVATIONS), .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (
      .clk(clk2x), .ctrl_rst(rst), .en(1'b1), .first(first_q), .last(last_q), .zero(1'b0), .w(w_q), .a(a_q),
      .vld(core_vld), .p(core_p));

  // A result stays until the edge of clk that takes it; two are never closer than two fast cycles.
  always_ff @(posedge clk2x) begin
    if (rst) vld <= 1'b0;
    else vld <= core_vld || (vld && !second_q);
    if (core_vld) p <= core_p;
  end

endmodule
