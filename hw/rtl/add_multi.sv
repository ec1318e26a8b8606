// SPDX-License-Identifier: Apache-2.0
// Pipelined sum of N arguments, with the ports and the timing of FINN's module of the same name.
//
//   sum = arg[0] + ... + arg[N-1]   (signed where ARG_LO < 0, else unsigned), DEPTH cycles later
//
// A balanced binary tree, one level after the other; of its $clog2(N) levels the first DEPTH (counted from
// the leaves) end in a register, further registers follow where DEPTH is larger. II = 1.
module add_multi import mvu_pkg::*; #(
    parameter int unsigned N = 4,          // arguments
    parameter int unsigned DEPTH = 2,      // pipeline registers
    parameter int unsigned ARG_WIDTH = 8,  // bits per argument
    parameter int ARG_LO = 0,              // smallest argument, 0 for unsigned ones
    parameter int ARG_HI = 0,              // largest argument, 0 where ARG_WIDTH says it
    parameter bit RESET_ZERO = 1,          // data registers are reset too
    localparam int unsigned SUM_WIDTH = sumwidth(N, ARG_WIDTH, ARG_LO, ARG_HI)
) (
    input  logic clk,
    input  logic rst,
    input  logic en,
    input  logic [ARG_WIDTH-1:0] arg[N],
    output logic [SUM_WIDTH-1:0] sum
);

  localparam int unsigned LEVELS = $clog2(N);
  localparam int unsigned STAGES = LEVELS > DEPTH ? LEVELS : DEPTH;
  localparam bit SIGNED = ARG_LO < 0;

  // Level l holds ceil(N / 2^l) partial sums, each computed no wider than its leaves ask for.
  logic [STAGES:0][N-1:0][SUM_WIDTH-1:0] level;

  for (genvar i = 0; i < N; i++) begin : gen_leaf
    if (SIGNED) assign level[0][i] = SUM_WIDTH'($signed(arg[i]));
    else assign level[0][i] = SUM_WIDTH'(arg[i]);
  end

  for (genvar l = 0; l < STAGES; l++) begin : gen_level
    localparam int unsigned HAVE = l < LEVELS ? (N + (1 << l) - 1) >> l : 1;
    localparam int unsigned LEFT = (HAVE + 1) / 2;
    localparam int unsigned LEAVES = l < LEVELS && (2 << l) < N ? 2 << l : N;  // of one sum
    localparam int unsigned WIDTH = sumwidth(LEAVES, ARG_WIDTH, ARG_LO, ARG_HI);
    for (genvar i = 0; i < N; i++) begin : gen_sum
      if (i >= LEFT) begin : gen_none
        assign level[l+1][i] = '0;
      end else begin : gen_node
        logic [WIDTH-1:0] s, r;
        if (2 * i + 1 < HAVE) assign s = WIDTH'(level[l][2*i] + level[l][2*i+1]);
        else assign s = WIDTH'(level[l][2*i]);
        if (l < DEPTH) begin : gen_reg
          always_ff @(posedge clk) begin
            if (rst && RESET_ZERO) r <= '0;
            else if (en) r <= s;
          end
        end else begin : gen_wire
          assign r = s;
        end
        if (SIGNED) assign level[l+1][i] = SUM_WIDTH'($signed(r));
        else assign level[l+1][i] = SUM_WIDTH'(r);
      end
    end
  end

  assign sum = level[STAGES][0];

endmodule
