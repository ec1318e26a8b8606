// SPDX-License-Identifier: Apache-2.0
// Matrix-vector compute core in LUTs, with the ports of FINN's mvu.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s];  `last` ends a group, `zero` adds nothing
//
// II = 1, latency LATENCY = 2 + $clog2(SIMD) cycles from `last` to `vld`: products, adder tree, accumulator.
module mvu_lut #(
    parameter int unsigned PE = 1,                // output channels
    parameter int unsigned SIMD = 1,              // input channels
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits per accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0          // activations are signed
) (
    input  logic clk,
    input  logic rst,   // synchronous, active high
    input  logic en,
    input  logic last,
    input  logic zero,
    input  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);

  localparam int unsigned TREE = $clog2(SIMD);
  localparam int unsigned LATENCY = 2 + TREE;
  localparam int unsigned PW = WEIGHT_WIDTH + ACTIVATION_WIDTH;
  localparam int PRODUCT_LO = -(1 << (PW - 1));  // a bound; the sum's width follows from it
  localparam int PRODUCT_HI = (1 << (PW - 1)) - 1;
  localparam int unsigned SUM_WIDTH = mvu_pkg::sumwidth(SIMD, PW, PRODUCT_LO, PRODUCT_HI);

  logic [LATENCY-1:0] last_q;
  always_ff @(posedge clk) begin
    if (rst) last_q <= '0;
    else if (en) last_q <= {last_q[LATENCY-2:0], last};
  end
  assign vld = last_q[LATENCY-1];

  for (genvar i = 0; i < PE; i++) begin : gen_pe
    logic [PW-1:0] product[SIMD];
    for (genvar s = 0; s < SIMD; s++) begin : gen_simd
      (* use_dsp = "no" *) logic signed [PW-1:0] product_q;
      logic signed [ACTIVATION_WIDTH:0] x;  // one bit more, so that signed and unsigned multiply alike
      assign x = {SIGNED_ACTIVATIONS && a[s][ACTIVATION_WIDTH-1], a[s]};
      always_ff @(posedge clk) begin
        if (en) product_q <= zero ? '0 : PW'($signed(w[i][s]) * x);
      end
      assign product[s] = product_q;
    end

    logic [SUM_WIDTH-1:0] sum;
    add_multi #(.N(SIMD), .DEPTH(TREE), .ARG_WIDTH(PW), .ARG_LO(PRODUCT_LO), .ARG_HI(PRODUCT_HI)) tree (
        .clk(clk), .rst(rst), .en(en), .arg(product), .sum(sum));

    logic signed [ACCU_WIDTH-1:0] acc_q;
    always_ff @(posedge clk) begin
      if (rst) acc_q <= '0;
      else if (en) acc_q <= (vld ? '0 : acc_q) + ACCU_WIDTH'($signed(sum));
    end
    assign p[i] = acc_q;
  end

endmodule
