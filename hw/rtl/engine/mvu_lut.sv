// SPDX-License-Identifier: Apache-2.0
// Matrix-vector compute core in LUTs, with most ports of FINN's mvu.
//
//   p[i] = sum over the steps of a group, over s:  w[i][s] * a[s];  `first` begins a group, `last` ends it
//
// Stream order: a[s], `first` and `last` are of one step, w[i][s] comes 1 cycle later; meanwhile the sums of pairs
// of activations are made, once for all PE. II = 1, latency LATENCY cycles from `last` to `vld`: those sums, the
// rows of a group of pairs (see mvu_lut_pe), the adder tree over the groups, the accumulator:
// 2 + (ROWS + 1) / 2 + $clog2(SUMS). Operands come from registers; steps between groups have a = 0. A reset forgets
// the groups under way: it clears `vld` alone, for a sum starts anew at `first`. There is no enable.
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
    input  logic first,  // this step begins a group
    input  logic last,   // this step ends its group
    input  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input  logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,    // p holds the sum of a group
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);

  // A longer running sum takes fewer LUTs, and more registers for weights that wait for their row.
  function automatic int unsigned pairs();
    pairs = 1;
    while (2 * pairs * WEIGHT_WIDTH <= 8 && 2 * pairs < SIMD) pairs *= 2;
  endfunction
  localparam int unsigned PAIRS = pairs();
  localparam int unsigned STEP = SIMD == 1 ? 2 : 1;  // bits of a weight in a digit
  localparam int unsigned DIGITS = (WEIGHT_WIDTH + STEP - 1) / STEP;
  localparam int unsigned ROWS = PAIRS * DIGITS;
  localparam int unsigned SUMS = (SIMD + 2 * PAIRS - 1) / (2 * PAIRS);
  localparam int unsigned LATENCY = 2 + (ROWS + 1) / 2 + $clog2(SUMS);
  localparam int unsigned OW = ACTIVATION_WIDTH + STEP;

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
    else last_q <= {last_q[LATENCY-2:0], last};
    first_q <= (LATENCY - 1)'({first_q, first});
  end
  assign vld = last_q[LATENCY-1];

  // What the digits 1, 2 and 3 of each pair choose, row by row.
  logic [2*PAIRS*SUMS-1:0][OW-1:0] wide;
  for (genvar l = 0; l < 2 * PAIRS * SUMS; l++) begin : gen_wide
    if (l < SIMD) begin : gen_act
      assign wide[l] = SIGNED_ACTIVATIONS ? OW'($signed(a[l])) : OW'(a[l]);
    end else begin : gen_none
      assign wide[l] = '0;
    end
  end
  logic [ROWS-1:0][SUMS-1:0][2:0][OW-1:0] chosen;
  for (genvar s = 0; s < SUMS; s++) begin : gen_sum
    for (genvar k = 0; k < PAIRS; k++) begin : gen_pair
      localparam int unsigned LANE = 2 * (PAIRS * s + k);
      localparam int unsigned LATE = k / 2;  // of the pair's first row
      logic [1:0][OW-1:0] act;
      if (LATE == 0) begin : gen_now
        assign act = wide[LANE+:2];
      end else begin : gen_delay
        logic [LATE-1:0][1:0][OW-1:0] act_q;
        always_ff @(posedge clk) act_q <= (LATE * 2 * OW)'({act_q, wide[LANE+:2]});
        assign act = act_q[LATE-1];
      end
      for (genvar d = 0; d < DIGITS; d++) begin : gen_digit
        localparam int unsigned WAIT = (d * PAIRS + k) / 2;  // of the row
        logic [2:0][OW-1:0] next, next_q;
        if (SIMD == 1) begin : gen_lone
          logic [WAIT:0][OW-1:0] late;  // the activation; the highest bit of its weight counts negative
          assign late[0] = act[0];
          if (WAIT > 0) begin : gen_late
            logic [WAIT-1:0][OW-1:0] late_q;
            always_ff @(posedge clk) late_q <= late[WAIT-1:0];
            assign late[WAIT:1] = late_q;
          end
          if (d < DIGITS - 1) begin : gen_inner
            assign next = {late[WAIT] + (late[WAIT] << 1), late[WAIT] << 1, late[WAIT]};
          end else if (WEIGHT_WIDTH % 2 == 0) begin : gen_even
            assign next = {-late[WAIT], -(late[WAIT] << 1), late[WAIT]};
          end else begin : gen_odd  // both bits of the digit are that one
            assign next = {-late[WAIT], {2 * OW{1'b0}}};
          end
          always_ff @(posedge clk) next_q <= next;
          logic unused;  // there is no other activation
          assign unused = &{1'b0, act};
        end else if (d == 0) begin : gen_first
          assign next = {act[0] + act[1], act};
          always_ff @(posedge clk) next_q <= next;
        end else begin : gen_next
          localparam int unsigned MORE = WAIT - ((d - 1) * PAIRS + k) / 2;  // cycles behind the digit before
          assign next = chosen[(d-1)*PAIRS+k][s];
          if (MORE == 0) begin : gen_same
            assign next_q = next;
          end else begin : gen_wait
            logic [MORE-1:0][2:0][OW-1:0] wait_q;
            always_ff @(posedge clk) wait_q <= (MORE * 3 * OW)'({wait_q, next});
            assign next_q = wait_q[MORE-1];
          end
        end
        assign chosen[d*PAIRS+k][s] = next_q;
      end
    end
  end

  for (genvar i = 0; i < PE; i++) begin : gen_pe
    mvu_lut_pe #(.SIMD(SIMD), .PAIRS(PAIRS), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACTIVATION_WIDTH),
                 .ACCU_WIDTH(ACCU_WIDTH), .SIGNED_ACTIVATIONS(SIGNED_ACTIVATIONS),
                 .STATIC_WEIGHTS(STATIC_WEIGHTS)) pe (
        .clk(clk), .first(first_q[LATENCY-2]), .w(w[i]), .chosen(chosen), .p(p[i]));
  end

endmodule
