// SPDX-License-Identifier: Apache-2.0
// Pipelined sum of N arguments, with the ports and the timing of FINN's module of the same name.
//
//   sum = arg[0] + ... + arg[N-1]   (signed where ARG_LO < 0, else unsigned), DEPTH cycles later
//
// A balanced binary tree, one level after the other; of its $clog2(N) levels the first DEPTH (counted from
// the leaves) end in a register, further registers follow where DEPTH is larger. II = 1, latency DEPTH.
// Sums are data: no register has a reset.
module add_multi import mvu_pkg::*; #(
    parameter int unsigned N = 4,          // arguments
    parameter int unsigned DEPTH = 2,      // pipeline registers
    parameter int unsigned ARG_WIDTH = 8,  // bits per argument
    parameter int ARG_LO = 0,              // smallest argument, 0 for unsigned ones
    parameter int ARG_HI = 0,              // largest argument, 0 where ARG_WIDTH says it
    /* verilator lint_off UNUSEDPARAM */
    parameter bit RESET_ZERO = 0,          // FINN's, without effect
    /* verilator lint_on UNUSEDPARAM */
    localparam int unsigned SUM_WIDTH = sumwidth(N, ARG_WIDTH, longint'(ARG_LO), longint'(ARG_HI))
) (
    input  logic clk,
    input  logic rst,                       // FINN's, without effect
    input  logic en,                        // everything holds without it
    input  logic [ARG_WIDTH-1:0] arg[N],
    output logic [SUM_WIDTH-1:0] sum
);

  localparam int unsigned LEVELS = $clog2(N);
  localparam int unsigned STAGES = LEVELS > DEPTH ? LEVELS : DEPTH;
  localparam bit SIGNED = ARG_LO < 0;

  // gen_level[l] holds ceil(N / 2^l) partial sums, each computed no wider than its leaves ask for and then
  // extended; synthesis drops the extensions.
  for (genvar l = 0; l <= STAGES; l++) begin : gen_level
    localparam int unsigned COUNT = l < LEVELS ? (N + (1 << l) - 1) >> l : 1;
    logic [COUNT-1:0][SUM_WIDTH-1:0] part;

    if (l == 0) begin : gen_leaf
      for (genvar i = 0; i < N; i++) begin : gen_arg
        if (SIGNED) begin : gen_signed
          assign part[i] = SUM_WIDTH'($signed(arg[i]));
        end else begin : gen_unsigned
          assign part[i] = SUM_WIDTH'(arg[i]);
        end
      end
    end else begin : gen_node
      localparam int unsigned HAVE = l - 1 < LEVELS ? (N + (1 << (l - 1)) - 1) >> (l - 1) : 1;
      localparam int unsigned LEAVES = l <= LEVELS && (1 << l) < N ? 1 << l : N;
      localparam int unsigned WIDTH = sumwidth(LEAVES, ARG_WIDTH, longint'(ARG_LO), longint'(ARG_HI));
      for (genvar i = 0; i < COUNT; i++) begin : gen_sum
        logic [WIDTH-1:0] s, r;
        if (2 * i + 1 < HAVE) begin : gen_add
          assign s = WIDTH'(gen_level[l-1].part[2*i] + gen_level[l-1].part[2*i+1]);
        end else begin : gen_pass
          assign s = WIDTH'(gen_level[l-1].part[2*i]);
        end
        if (l <= DEPTH && 2 * i + 1 == HAVE) begin : gen_reg_pass  // too short to gain by a shift register LUT
          (* shreg_extract = "no" *) logic [WIDTH-1:0] r_q;
          always_ff @(posedge clk) if (en) r_q <= s;
          assign r = r_q;
        end else if (l <= DEPTH) begin : gen_reg
          always_ff @(posedge clk) if (en) r <= s;
        end else begin : gen_wire
          assign r = s;
        end
        if (SIGNED) begin : gen_signed
          assign part[i] = SUM_WIDTH'($signed(r));
        end else begin : gen_unsigned
          assign part[i] = SUM_WIDTH'(r);
        end
      end
    end
  end

  assign sum = gen_level[STAGES].part[0];

  logic unused;  // all but rst only where there is no register
  assign unused = &{1'b0, clk, rst, en};

endmodule
