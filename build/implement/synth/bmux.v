// SPDX-License-Identifier: Apache-2.0
// Techmap rule: a wide multiplexer whose every output bit is a $shiftx, the form that Yosys turns into shift
// register (SRL) sites where the inputs are a delay line, and into multiplexer trees elsewhere.
//
//   Y[i] = A[S*WIDTH + i]

(* techmap_celltype = "$bmux" *)
module bmux_to_shiftx #(
    parameter WIDTH = 1,
    parameter S_WIDTH = 1
) (
    input  [(WIDTH<<S_WIDTH)-1:0] A,
    input  [S_WIDTH-1:0] S,
    output [WIDTH-1:0] Y
);
  localparam DEPTH = 1 << S_WIDTH;
  genvar i, j;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : gen_bit
      wire [DEPTH-1:0] line;
      for (j = 0; j < DEPTH; j = j + 1) begin : gen_tap
        assign line[j] = A[j*WIDTH+i];
      end
      \$shiftx #(
          .A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(DEPTH), .B_WIDTH(S_WIDTH), .Y_WIDTH(1)
      ) pick (
          .A(line), .B(S), .Y(Y[i])
      );
    end
  endgenerate
endmodule
