// SPDX-License-Identifier: Apache-2.0
// In the place of mac_cores where a deconv's control is proved: any sums, after 6 cycles.
module mac_cores #(
    parameter int unsigned GROUPS = 1,
    parameter int unsigned PE = 1,
    parameter int unsigned TAPS = 1,
    parameter int unsigned SIMD = 1,
    parameter int unsigned ACT_WIDTH = 1,
    parameter int unsigned WEIGHT_WIDTH = 1,
    parameter int unsigned ACC_WIDTH = 1,
    parameter bit SIGNED_ACT = 0,
    parameter bit NARROW_WEIGHTS = 0,
    parameter bit STATIC_WEIGHTS = 0,
    parameter bit DSP_CORE = 0,
    parameter bit PUMPED = 0,
    parameter int unsigned DSP_VERSION = 2,
    parameter int unsigned CHAIN = 0,
    parameter int unsigned LANES = 1,
    parameter int unsigned PITCH = 0,
    localparam int unsigned LATENCY = 6  // of narrow weights, one product
) (
    input  logic ap_clk,
    input  logic ap_clk2x,
    input  logic ap_rst_n,
    input  logic first,
    input  logic last,
    input  logic [PE*TAPS*SIMD/GROUPS*WEIGHT_WIDTH-1:0] weights,
    input  logic [TAPS-1:0][SIMD*ACT_WIDTH-1:0] x,
    output logic vld,
    output logic signed [PE-1:0][ACC_WIDTH-1:0] p  // driven by nothing: anything
);

  logic [LATENCY-1:0] last_q;
  always_ff @(posedge ap_clk)
    if (!ap_rst_n) last_q <= '0;
    else last_q <= {last_q[LATENCY-2:0], last};
  assign vld = last_q[LATENCY-1];

endmodule
