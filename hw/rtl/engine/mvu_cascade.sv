// SPDX-License-Identifier: Apache-2.0
// Matrix-vector compute core in DSP slices whose sums run along their cascades, with most ports of FINN's mvu.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s];  `first` begins a group, `last` ends it
//
// The SIMD elements of a step lie in CHAINS = ceil(SIMD / CHAIN) chains of CHAIN slices, in this order: place 0
// of the first chains, as many as the others leave, then place 1 of all chains, place 2, and so on. A chain adds
// one element per cycle: that of place k is multiplied k cycles after that of place 0.
// Stream order: a[s], `first` and `last` are of one step; w[i][s] comes k cycles after them, k being the place
// of s (cascade_rom reads them so). Each activation is delayed here, once for all PE.
// II = 1, latency from `last` to `vld`: CHAIN + 3 + $clog2(CHAINS), and 1 more where LUTs accumulate, which is
// on DSP48E1 and where PITCH < ACCU_WIDTH. LANES, CHAIN and PITCH: see build/dataflow/cascade.py.
// Operands come from registers; steps between groups have a = 0. A reset forgets the groups under way: it clears
// `vld` alone, for a sum starts anew at `first`. There is no enable.
module mvu_cascade #(
    parameter int unsigned VERSION = 2,           // 1: DSP48E1, 2: DSP48E2
    parameter int unsigned PE = 2,                // output channels
    parameter int unsigned SIMD = 4,              // input channels
    parameter int unsigned LANES = 2,             // output channels of a slice, at most
    parameter int unsigned CHAIN = 4,             // slices of a chain
    parameter int unsigned PITCH = 16,            // bits from one packed weight to the next
    parameter int unsigned WEIGHT_WIDTH = 4,      // bits per weight, signed
    parameter int unsigned ACTIVATION_WIDTH = 4,  // bits per activation
    parameter int unsigned ACCU_WIDTH = 16,       // bits per accumulator, signed
    parameter bit SIGNED_ACTIVATIONS = 0,         // activations are signed
    parameter bit NARROW_WEIGHTS = 0              // no weight is -2^(WEIGHT_WIDTH-1)
) (
    input  logic clk,
    input  logic rst,    // synchronous, active high
    input  logic first,  // this step begins a group
    input  logic last,   // this step ends its group
    input  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,    // p holds the sum of a group
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);

  localparam int unsigned CHAINS = (SIMD + CHAIN - 1) / CHAIN;
  localparam int unsigned HEAD = SIMD - (CHAIN - 1) * CHAINS;  // elements of place 0
  localparam bit IN_SLICE = VERSION != 1 && PITCH >= ACCU_WIDTH;  // that accumulates
  localparam int unsigned TREE = $clog2(CHAINS);
  localparam int unsigned LATENCY = CHAIN + 3 + TREE + (IN_SLICE ? 0 : 1);
  // Of cycles from `first` to where it is read: at the slice that accumulates, or behind the tree.
  localparam int unsigned FIRST = IN_SLICE ? LATENCY - TREE - 2 : LATENCY - 1;

  if (CHAIN == 0 || (CHAIN - 1) * CHAINS >= SIMD) begin : gen_bad_chain
    $error("mvu_cascade: SIMD=%0d does not fill %0d chains of CHAIN=%0d", SIMD, CHAINS, CHAIN);
  end
  if ((LANES - 1) * PITCH + WEIGHT_WIDTH + (NARROW_WEIGHTS ? 0 : 1) > (VERSION == 1 ? 25 : 27)) begin : gen_wide
    $error("mvu_cascade: LANES=%0d weights of WEIGHT_WIDTH=%0d and PITCH=%0d are too wide", LANES, WEIGHT_WIDTH,
           PITCH);
  end
  if (LANES == 0 || LANES * PITCH > 48 || PITCH < 2 || PITCH > 31 || WEIGHT_WIDTH == 0 ||
      ACTIVATION_WIDTH > 17) begin : gen_bad_width
    $error("mvu_cascade: LANES=%0d fields of PITCH=%0d, or WEIGHT_WIDTH=%0d, ACTIVATION_WIDTH=%0d do not fit",
           LANES, PITCH, WEIGHT_WIDTH, ACTIVATION_WIDTH);
  end

  logic [LATENCY-1:0] last_q;
  (* max_fanout = 128, shreg_extract = "no" *) logic [FIRST-1:0] first_q;  // its end drives all accumulators
  always_ff @(posedge clk) begin
    if (rst) last_q <= '0;
    else last_q <= {last_q[LATENCY-2:0], last};
    first_q <= FIRST'({first_q, first});
  end
  assign vld = last_q[LATENCY-1];

  // The last register of each delay drives slices of every chain: it is none of a shift register site.
  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] late;
  assign late[HEAD-1:0] = a[HEAD-1:0];
  for (genvar k = 1; k < CHAIN; k++) begin : gen_place
    localparam int unsigned BITS = CHAINS * ACTIVATION_WIDTH;
    logic [BITS-1:0] early;
    if (k == 1) begin : gen_now
      assign early = a[HEAD+:CHAINS];
    end else begin : gen_delay
      logic [(k-1)*BITS-1:0] delay_q;
      always_ff @(posedge clk) delay_q <= ((k - 1) * BITS)'({delay_q, a[HEAD+(k-1)*CHAINS+:CHAINS]});
      assign early = delay_q[(k-2)*BITS+:BITS];
    end
    (* max_fanout = 128, shreg_extract = "no" *) logic [BITS-1:0] late_q;
    always_ff @(posedge clk) late_q <= early;
    assign late[HEAD+(k-1)*CHAINS+:CHAINS] = late_q;
  end

  for (genvar t = 0; t < PE; t += LANES) begin : gen_pe
    localparam int unsigned SHARING = PE - t < LANES ? PE - t : LANES;
    mvu_cascade_pe #(.VERSION(VERSION), .LANES(SHARING), .SIMD(SIMD), .CHAIN(CHAIN), .PITCH(PITCH),
                     .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACTIVATION_WIDTH), .ACCU_WIDTH(ACCU_WIDTH),
                     .SIGNED_ACTIVATIONS(SIGNED_ACTIVATIONS)) pe (
        .clk(clk), .first(first_q[FIRST-1]), .w(w[t+:SHARING]), .a(late), .p(p[t+:SHARING]));
  end

endmodule
