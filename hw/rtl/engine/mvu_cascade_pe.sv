// SPDX-License-Identifier: Apache-2.0
// Some output channels of mvu_cascade: the chains of DSP slices that they share, and what adds the chains' ends.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s]
//
// A slice multiplies one activation by the weights of all LANES channels, packed PITCH bits apart, so that a
// chain's sum holds LANES fields. On DSP48E2, where a field holds the sum of a group (PITCH is ACCU_WIDTH or
// more), the chain's last slice accumulates it; else LUTs do, of what a chain has at each step.
// A sum starts from half a field in each field: what is there never is negative, no field borrows from the one
// above, and the sum is the field with its highest bit turned.
// The element of place k of a chain is k cycles later than that of place 0; places of mvu_cascade.sv.
// A module of its own, so that simulators compile it once.
module mvu_cascade_pe #(
    parameter int unsigned VERSION = 2,           // 1: DSP48E1, 2: DSP48E2
    parameter int unsigned LANES = 2,             // output channels
    parameter int unsigned SIMD = 4,              // input channels
    parameter int unsigned CHAIN = 4,             // slices of a chain
    parameter int unsigned PITCH = 16,            // bits of a field
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits per accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0          // activations are signed
) (
    input  logic clk,
    input  logic first,  // of a group; where slices accumulate at their OPMODE, else at the sum of the ends
    input  logic [LANES-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic signed [LANES-1:0][ACCU_WIDTH-1:0] p
);
  /* verilator no_inline_module */

  localparam int unsigned CHAINS = (SIMD + CHAIN - 1) / CHAIN;
  localparam int unsigned HEAD = SIMD - (CHAIN - 1) * CHAINS;  // chains that begin at place 0, others at 1
  localparam bit IN_SLICE = VERSION != 1 && PITCH >= ACCU_WIDTH;  // that accumulates
  localparam int unsigned ADW = VERSION == 1 ? 25 : 27;

  function automatic logic [47:0] halves();
    halves = '0;
    for (int unsigned i = 0; i < LANES; i++) halves[i*PITCH+PITCH-1] = 1'b1;
  endfunction
  localparam logic [47:0] BIAS = halves();

  logic [47:0] ends[CHAINS];
  for (genvar c = 0; c < CHAINS; c++) begin : gen_chain
    localparam int unsigned START = c < HEAD ? 0 : 1;
    logic [47:0] pcin[CHAIN+1];  // of the slice at each place
    assign pcin[START] = 'x;

    for (genvar k = START; k < CHAIN; k++) begin : gen_place
      localparam int unsigned S = k == 0 ? c : HEAD + (k - 1) * CHAINS + c;
      localparam bit ENDS = k == CHAIN - 1;
      logic [ADW-1:0] low, sign;
      always_comb begin
        low = '0;
        sign = '0;
        for (int unsigned i = 0; i < LANES; i++) begin
          low[i*PITCH+:WEIGHT_WIDTH] = w[i][S];
          low[i*PITCH+WEIGHT_WIDTH-1] = 1'b0;
          sign[i*PITCH+WEIGHT_WIDTH-1] = w[i][S][WEIGHT_WIDTH-1];
        end
      end
      logic [17:0] b;
      assign b = SIGNED_ACTIVATIONS ? 18'($signed(a[S])) : 18'(a[S]);
      logic [47:0] sum;
      cascade_slice #(.VERSION(VERSION), .CASCADED(k > START), .ACCUMULATES(ENDS && IN_SLICE),
                      .BIAS((IN_SLICE ? ENDS : k == START) ? BIAS : '0)) slice (
          .clk(clk), .first(first), .low(low), .sign(sign), .b(b), .pcin(pcin[k]), .p(sum), .pcout(pcin[k+1]));
      if (ENDS) begin : gen_last
        assign ends[c] = sum;
      end
      logic unused;  // what has no field, and sums on their way
      assign unused = &{1'b0, sum};
    end

    logic unused;
    assign unused = &{1'b0, pcin[CHAIN]};
  end

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    logic [PITCH-1:0] field[CHAINS];
    for (genvar c = 0; c < CHAINS; c++) begin : gen_field
      assign field[c] = {!ends[c][i*PITCH+PITCH-1], ends[c][i*PITCH+:PITCH-1]};
    end

    localparam int LOW = -(1 << (PITCH - 1)), HIGH = (1 << (PITCH - 1)) - 1;
    localparam int unsigned SUM_WIDTH = mvu_pkg::sumwidth(CHAINS, PITCH, longint'(LOW), longint'(HIGH));
    logic [SUM_WIDTH-1:0] sum;
    add_multi #(.N(CHAINS), .DEPTH($clog2(CHAINS)), .ARG_WIDTH(PITCH), .ARG_LO(LOW), .ARG_HI(HIGH)) tree (
        .clk(clk), .rst(1'b0), .en(1'b1), .arg(field), .sum(sum));
    logic unused;  // bits beyond those of a sum
    assign unused = &{1'b0, sum};

    if (IN_SLICE) begin : gen_sum
      assign p[i] = ACCU_WIDTH'($signed(sum));
    end else begin : gen_accumulator
      always_ff @(posedge clk) p[i] <= ACCU_WIDTH'($signed(sum)) + (first ? '0 : p[i]);
    end
  end

endmodule
