// SPDX-License-Identifier: Apache-2.0
// Read-only memory of weights: data = content of FILE at the address of 3 cycles ago. II = 1.
//
// STYLE "block" reads block RAM with an output register. STYLE "distributed" is logic: each bit is a function
// of the address, of one LUT up to 64 words. STYLE "constant" is for a single word, which never changes.
module weight_rom #(
    parameter int unsigned WIDTH = 8,      // bits of a word
    parameter int unsigned DEPTH = 4,      // words
    parameter FILE = "",                   // hex file, DEPTH lines
    parameter STYLE = "distributed",       // block, distributed or constant
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic clk,
    input  logic [AW-1:0] address,
    output logic [WIDTH-1:0] data
);

  /* verilator lint_off WIDTHEXPAND */  // STYLE is compared with longer strings
  if (STYLE == "constant" && DEPTH != 1) begin : gen_bad_style
    $error("weight_rom: STYLE=constant takes 1 word, DEPTH is %0d", DEPTH);
  end

  logic [AW-1:0] address1_q;
  always_ff @(posedge clk) address1_q <= address;

  if (STYLE == "block") begin : gen_block
    (* ram_style = "block", rom_style = "block" *) logic [WIDTH-1:0] words[DEPTH];
    initial $readmemh(FILE, words);
    logic [WIDTH-1:0] data2_q;
    always_ff @(posedge clk) begin
      data2_q <= words[address1_q];
      data <= data2_q;
    end
  end else if (STYLE == "constant") begin : gen_constant
    (* ram_style = "distributed", rom_style = "distributed", fpgan_constant *) logic [WIDTH-1:0] words[DEPTH];
    initial $readmemh(FILE, words);
    assign data = words[0];
    logic unused;
    assign unused = &{1'b0, address1_q};
  end else begin : gen_distributed
    (* ram_style = "distributed", rom_style = "distributed" *) logic [WIDTH-1:0] words[DEPTH];
    initial $readmemh(FILE, words);
    (* max_fanout = 256, shreg_extract = "no" *) logic [AW-1:0] address2_q;  // drives the LUTs of every bit
    always_ff @(posedge clk) begin
      address2_q <= address1_q;
      data <= words[address2_q];
    end
  end
  /* verilator lint_on WIDTHEXPAND */

endmodule
