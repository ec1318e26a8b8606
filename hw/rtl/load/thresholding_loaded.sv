// SPDX-License-Identifier: Apache-2.0
// FINN's thresholding with thresholds that come over the chain of load_words, of which this is a stage.
//
//   y = number of t in 0 .. N-1 with T[channel][t] <= x, plus BIAS
//
// Words of the chain, T[c][t] at (c/PE * P + c%PE) * M + t, where P and M are PE and N rounded up to powers of
// two: what lies between is written nowhere. Channels as in FINN's module, which is `thresholding` of its library;
// it takes no image while a threshold is written. II = 1.
module thresholding_loaded #(
    parameter int unsigned WI = 8,           // bits of what is compared
    parameter int unsigned WT = 8,           // of a threshold, at least as many
    parameter int unsigned N = 3,            // thresholds of a channel
    parameter int unsigned C = 1,            // channels
    parameter int unsigned PE = 1,           // of them at once
    parameter bit SIGNED = 1,
    parameter int BIAS = 0,
    parameter bit DEEP_PIPELINE = 1,         // see FINN's thresholding
    localparam int unsigned O_BITS = BIAS >= 0 ? $clog2(N + BIAS + 1)
        : 1 + $clog2(-BIAS >= N + BIAS + 1 ? -BIAS : N + BIAS + 1),
    localparam int unsigned IN_BITS  = (PE * WI + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (PE * O_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                   // synchronous, active low

    input  logic [9:0] load_in,              // the chain
    output logic [9:0] load_out,

    input  logic [IN_BITS-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (WT < WI) begin : gen_bad_width
    $error("thresholding_loaded: thresholds of WT=%0d bits for sums of WI=%0d", WT, WI);
  end

  localparam int unsigned AW = $clog2(C / PE) + $clog2(PE) + $clog2(N);
  localparam int unsigned WORDS = (C / PE) << ($clog2(PE) + $clog2(N));

  logic write;
  logic [$clog2(WORDS)-1:0] address;
  logic [WT-1:0] threshold;
  load_words #(.WIDTH(WT), .DEPTH(WORDS)) words (
      .clk(ap_clk), .load_in(load_in), .load_out(load_out), .write(write), .address(address), .data(threshold));

  logic [PE-1:0][WT-1:0] x;
  for (genvar i = 0; i < PE; i++) begin : gen_wide
    assign x[i] = SIGNED ? WT'(signed'(s_axis_tdata[i*WI+:WI])) : WT'(s_axis_tdata[i*WI+:WI]);
  end

  logic [PE-1:0][O_BITS-1:0] y;
  /* verilator lint_off PINCONNECTEMPTY */
  thresholding #(.K(WT), .N(N), .C(C), .PE(PE), .SIGNED(SIGNED), .BIAS(BIAS), .USE_CONFIG(1),
                 .DEEP_PIPELINE(DEEP_PIPELINE)) counts (
      .clk(ap_clk), .rst(!ap_rst_n), .cfg_en(write), .cfg_we(1'b1), .cfg_a(AW'(address)), .cfg_d(threshold),
      .cfg_rack(), .cfg_q(), .irdy(s_axis_tready), .ivld(s_axis_tvalid), .iset('0), .idat(x),
      .ordy(m_axis_tready), .ovld(m_axis_tvalid), .odat(y));
  /* verilator lint_on PINCONNECTEMPTY */
  assign m_axis_tdata = OUT_BITS'(y);

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
