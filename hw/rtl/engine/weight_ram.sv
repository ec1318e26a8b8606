// SPDX-License-Identifier: Apache-2.0
// Memory of weights that are loaded: read as weight_rom, 3 cycles from the address to its word, II = 1.
//
// It holds nothing until every word has been written, and is not read while it is. A word that is written can be
// asked for in the cycle after. STYLE "block" and "ultra" have an output register, "distributed" is LUT RAM; a
// single word is a register.
//
// An UltraRAM has 4096 rows of 72 bits and two ports. Words of more than a row lie in two, of which each port has one,
// where a half of the rows holds them all: both ports write or both read.
module weight_ram #(
    parameter int unsigned WIDTH = 8,      // bits of a word
    parameter int unsigned DEPTH = 4,      // words
    parameter STYLE = "distributed",       // block, distributed or ultra
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1,
    localparam int unsigned HALF = (WIDTH + 1) / 2,  // bits of a row where a word has two
    localparam bit PAIRED = DEPTH <= 2048 && WIDTH > 72
) (
    input  logic clk,
    input  logic [AW-1:0] address,
    output logic [WIDTH-1:0] data,
    input  logic write,
    input  logic [AW-1:0] write_address,
    input  logic [WIDTH-1:0] write_data
);

  logic [AW-1:0] address1_q;
  always_ff @(posedge clk) address1_q <= address;

  /* verilator lint_off WIDTHEXPAND */  // STYLE is compared with longer strings
  if (DEPTH == 1) begin : gen_single
    always_ff @(posedge clk) if (write) data <= write_data;
    logic unused;
    assign unused = &{1'b0, address1_q, write_address};
  end else if (STYLE == "distributed") begin : gen_distributed
    (* ram_style = "distributed" *) logic [WIDTH-1:0] words[DEPTH];
    (* max_fanout = 256, shreg_extract = "no" *) logic [AW-1:0] address2_q;  // drives the LUTs of every bit
    always_ff @(posedge clk) begin
      if (write) words[write_address] <= write_data;
      address2_q <= address1_q;
      data <= words[address2_q];
    end
  end else begin : gen_block
    logic [WIDTH-1:0] data2_q;
    if (STYLE == "ultra" && PAIRED) begin : gen_pairs
      (* ram_style = "ultra" *) logic [HALF-1:0] rows[2<<AW];
      logic [2*HALF-1:0] taken, given_q;
      assign taken = (2 * HALF)'(write_data);
      for (genvar port = 0; port < 2; port++) begin : gen_port
        logic [AW:0] row;
        assign row = {1'(port), write ? write_address : address1_q};
        always @(posedge clk)  // as synthesis knows two ports: no always_ff, for both write the same memory
          if (write) rows[row] <= taken[port*HALF+:HALF];
          else given_q[port*HALF+:HALF] <= rows[row];
      end
      assign data2_q = given_q[WIDTH-1:0];
    end else if (STYLE == "ultra") begin : gen_ultra
      (* ram_style = "ultra" *) logic [WIDTH-1:0] words[DEPTH];
      always_ff @(posedge clk) begin
        if (write) words[write_address] <= write_data;
        data2_q <= words[address1_q];
      end
    end else begin : gen_ram
      (* ram_style = "block" *) logic [WIDTH-1:0] words[DEPTH];
      always_ff @(posedge clk) begin
        if (write) words[write_address] <= write_data;
        data2_q <= words[address1_q];
      end
    end
    always_ff @(posedge clk) data <= data2_q;
  end
  /* verilator lint_on WIDTHEXPAND */

endmodule
