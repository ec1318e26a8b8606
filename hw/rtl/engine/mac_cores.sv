// SPDX-License-Identifier: Apache-2.0
// The compute cores of a deconv: one for each group of channels that is walked at the same time.
//
//   p[i] = sum over the steps of an output, over taps and channels of i's group:  weights[i][..] * x[tap][channel]
//
// Core g has channels SIMD/GROUPS * g on of each tap, and makes outputs PE/GROUPS * g on. II = 1; latency: the
// core's, the same for all; see mvu_lut, FINN's mvu, mvu_pumped, mvu_cascade, to which weights come later.
module mac_cores #(
    parameter int unsigned GROUPS = 1,       // cores
    parameter int unsigned PE = 2,           // output channels, of all
    parameter int unsigned TAPS = 1,         // of the input image
    parameter int unsigned SIMD = 2,         // channels of a tap, of all
    parameter int unsigned ACT_WIDTH = 4,    // bits per input element
    parameter int unsigned WEIGHT_WIDTH = 4, // bits per weight (signed)
    parameter int unsigned ACC_WIDTH = 16,   // bits per sum (signed)
    parameter bit SIGNED_ACT = 0,            // input elements are signed
    /* verilator lint_off UNUSEDPARAM */
    parameter bit NARROW_WEIGHTS = 0,        // no weight is -2^(WEIGHT_WIDTH-1)
    parameter bit STATIC_WEIGHTS = 0,        // weights never change
    parameter bit DSP_CORE = 1,              // 1: FINN's mvu (packed DSP48), 0: mvu_lut
    parameter bit PUMPED = 0,                // the mvu runs on ap_clk2x
    parameter int unsigned DSP_VERSION = 2,  // 1: DSP48E1, 2: DSP48E2
    parameter int unsigned CHAIN = 0,        // not 0: mvu_cascade, with chains of so many slices
    parameter int unsigned LANES = 1,        // of mvu_cascade
    parameter int unsigned PITCH = 0,        // of mvu_cascade
    /* verilator lint_on UNUSEDPARAM */
    localparam int unsigned WIDE = TAPS * SIMD / GROUPS,  // products per output and cycle
    localparam int unsigned XW = SIMD * ACT_WIDTH,
    localparam int unsigned WW = PE * WIDE * WEIGHT_WIDTH
) (
    input  logic ap_clk,
    input  logic ap_clk2x,     // twice ap_clk, for PUMPED only
    input  logic ap_rst_n,     // synchronous, active low
    input  logic first,        // this step begins a sum
    input  logic last,         // this step ends it
    input  logic [WW-1:0] weights,
    input  logic [TAPS-1:0][XW-1:0] x,
    output logic vld,          // p holds sums
    output logic signed [PE-1:0][ACC_WIDTH-1:0] p
);

  // FINN's mvu wants accumulators that hold any product: few terms, of weights that do not fill their bits, may
  // need less.
  localparam int unsigned PRODUCT_WIDTH = WEIGHT_WIDTH + ACT_WIDTH - (SIGNED_ACT ? 1 : 0);
  localparam int unsigned CORE_WIDTH =
      DSP_CORE && CHAIN == 0 && ACC_WIDTH < PRODUCT_WIDTH ? PRODUCT_WIDTH : ACC_WIDTH;
  localparam int unsigned CHANNELS = PE / GROUPS;  // of a core

  logic [GROUPS-1:0] vlds;  // all the same
  assign vld = vlds[0];

  for (genvar g = 0; g < GROUPS; g++) begin : gen_core
    logic [WW/GROUPS-1:0] w;
    logic [TAPS-1:0][XW/GROUPS-1:0] a;
    logic signed [CHANNELS-1:0][CORE_WIDTH-1:0] sums;
    assign w = weights[g*(WW/GROUPS)+:WW/GROUPS];
    for (genvar t = 0; t < TAPS; t++) begin : gen_tap
      assign a[t] = x[t][g*(XW/GROUPS)+:XW/GROUPS];
    end
    for (genvar i = 0; i < CHANNELS; i++) begin : gen_result
      assign p[g*CHANNELS+i] = ACC_WIDTH'(sums[i]);
    end

    if (CHAIN > 0) begin : gen_cascade
      mvu_cascade #(.VERSION(DSP_VERSION), .PE(CHANNELS), .SIMD(WIDE), .LANES(LANES), .CHAIN(CHAIN), .PITCH(PITCH),
                    .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACT_WIDTH), .ACCU_WIDTH(ACC_WIDTH),
                    .SIGNED_ACTIVATIONS(SIGNED_ACT), .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (
          .clk(ap_clk), .rst(!ap_rst_n), .first(first), .last(last), .w(w), .a(a), .vld(vlds[g]), .p(sums));
    end else if (DSP_CORE && PUMPED) begin : gen_dsp2x
      mvu_pumped #(.VERSION(DSP_VERSION), .PE(CHANNELS), .SIMD(WIDE), .WEIGHT_WIDTH(WEIGHT_WIDTH),
                   .ACTIVATION_WIDTH(ACT_WIDTH), .ACCU_WIDTH(CORE_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACT),
                   .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (
          .clk(ap_clk), .clk2x(ap_clk2x), .rst(!ap_rst_n), .first(first), .last(last),
          .w(w), .a(a), .vld(vlds[g]), .p(sums));
    end else if (DSP_CORE) begin : gen_dsp
      mvu #(.VERSION(DSP_VERSION), .PE(CHANNELS), .SIMD(WIDE), .WEIGHT_WIDTH(WEIGHT_WIDTH),
            .ACTIVATION_WIDTH(ACT_WIDTH), .ACCU_WIDTH(CORE_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACT),
            .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (
          .clk(ap_clk), .ctrl_rst(!ap_rst_n), .en(1'b1), .first(first), .last(last),
          .zero(1'b0), .w(w), .a(a), .vld(vlds[g]), .p(sums));
    end else begin : gen_lut
      mvu_lut #(.PE(CHANNELS), .SIMD(WIDE), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACT_WIDTH),
                .ACCU_WIDTH(ACC_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACT),
                .STATIC_WEIGHTS(STATIC_WEIGHTS)) core (
          .clk(ap_clk), .rst(!ap_rst_n), .first(first), .last(last), .w(w), .a(a), .vld(vlds[g]), .p(sums));
    end
  end

  logic unused;  // the pumped core's clock
  assign unused = &{1'b0, ap_clk2x, vlds};

endmodule
