// SPDX-License-Identifier: Apache-2.0
// Read-only memory of weights: data = content of FILE at the address of 3 cycles ago. II = 1.
//
// STYLE "block" reads block RAM with an output register. STYLE "distributed" is logic: each bit is a function
// of the address, of one LUT up to 64 words; parts of the word have their own copy of the address register,
// because one register would have to drive every LUT.
module weight_rom #(
    parameter int unsigned WIDTH = 8,      // bits of a word
    parameter int unsigned DEPTH = 4,      // words
    parameter FILE = "",                   // hex file, DEPTH lines
    parameter STYLE = "distributed",       // block or distributed
    localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic clk,
    input  logic [AW-1:0] address,
    output logic [WIDTH-1:0] data
);

  localparam int unsigned PART = 128;  // bits of the word per copy of the address
  localparam int unsigned PARTS = (WIDTH + PART - 1) / PART;

  (* ram_style = STYLE, rom_style = STYLE *) logic [WIDTH-1:0] words[DEPTH];
  initial $readmemh(FILE, words);

  if (STYLE == "block") begin : gen_block
    logic [AW-1:0] address1_q;
    logic [WIDTH-1:0] data2_q;
    always_ff @(posedge clk) begin
      address1_q <= address;
      data2_q <= words[address1_q];
      data <= data2_q;
    end
  end else begin : gen_distributed
    logic [AW-1:0] address1_q;
    always_ff @(posedge clk) address1_q <= address;

    for (genvar part = 0; part < PARTS; part++) begin : gen_part
      localparam int unsigned LOW = part * PART;
      localparam int unsigned BITS = WIDTH - LOW < PART ? WIDTH - LOW : PART;
      (* keep = "true" *) logic [AW-1:0] address2_q;
      always_ff @(posedge clk) begin
        address2_q <= address1_q;
        data[LOW+:BITS] <= words[address2_q][LOW+:BITS];
      end
    end
  end

endmodule
