// SPDX-License-Identifier: Apache-2.0
// The weights of each step of a deconv, from where the step is to the words of weight_rom, weight_ram or
// cascade_rom.
//
//   data = ROM[wy * ROW_WORDS + wx * BLOCK_WORDS + nf * SF + sf]
//
// II = 1, latency 6 + LATE cycles; for cascades so many for the first place. No stalls and no reset: it
// reads in every cycle. LOADED: the words come over the chain of load_words, of which this is a stage.
module weight_reader #(
    parameter int unsigned WIDTH = 8,        // bits of a word
    parameter int unsigned WORDS = 16,       // of the memory
    parameter int unsigned ROW_WORDS = 8,    // of a row of blocks of taps
    parameter int unsigned BLOCK_WORDS = 4,  // of a block of taps
    parameter int unsigned SF = 2,           // of an output channel in a block
    parameter int unsigned LATE = 0,         // cycles that operands come later
    parameter int unsigned WYW = 2,          // widths of the ports
    parameter int unsigned WXW = 2,
    parameter int unsigned NFW = 2,
    parameter int unsigned SFW = 2,
    parameter int unsigned CHAIN = 0,        // slices of a cascade, 0 where there is none
    /* verilator lint_off UNUSEDPARAM */     // without a cascade
    parameter int unsigned PE = 1,           // output channels in a word, of which each has as many weights
    parameter int unsigned BITS = 1,         // of a weight
    /* verilator lint_on UNUSEDPARAM */
    parameter FILE = "",                     // see weight_rom, cascade_rom
    parameter STYLE = "distributed",         // see weight_rom, weight_ram
    parameter bit LOADED = 0
) (
    input logic ap_clk,
    input logic [9:0] load_in,               // the chain, for LOADED only
    output logic [9:0] load_out,
    input logic [WYW-1:0] wy,   // block of taps, row and column
    input logic [WXW-1:0] wx,
    input logic [NFW-1:0] nf,   // neuron fold
    input logic [SFW-1:0] sf,   // synapse fold
    output logic [WIDTH-1:0] data
);

  localparam int unsigned AW = $clog2(WORDS) + 1;  // one bit more keeps every constant representable
  logic [AW-1:0] row1_q, column1_q, fold1_q, block2_q, fold2_q, address3_q, address;
  always_ff @(posedge ap_clk) begin
    row1_q     <= AW'(32'(wy) * ROW_WORDS);
    column1_q  <= AW'(32'(wx) * BLOCK_WORDS);
    fold1_q    <= AW'(32'(nf) * SF) + AW'(sf);
    block2_q   <= row1_q + column1_q;
    fold2_q    <= fold1_q;
    address3_q <= block2_q + fold2_q;
  end
  if (LATE > 0) begin : gen_later
    (* shreg_extract = "no" *) logic [LATE-1:0][AW-1:0] address_q;
    always_ff @(posedge ap_clk) address_q <= (LATE * AW)'({address_q, address3_q});
    assign address = address_q[LATE-1];
  end else begin : gen_now
    assign address = address3_q;
  end

  localparam int unsigned USED = WORDS > 1 ? $clog2(WORDS) : 1;
  if (LOADED) begin : gen_ram
    logic write;
    logic [USED-1:0] write_address;
    logic [WIDTH-1:0] write_data;
    load_words #(.WIDTH(WIDTH), .DEPTH(WORDS)) words (
        .clk(ap_clk), .load_in(load_in), .load_out(load_out), .write(write), .address(write_address),
        .data(write_data));
    logic [WIDTH-1:0] word;
    weight_ram #(.WIDTH(WIDTH), .DEPTH(WORDS), .STYLE(STYLE)) ram (
        .clk(ap_clk), .address(address[USED-1:0]), .data(word), .write(write), .write_address(write_address),
        .write_data(write_data));
    if (CHAIN > 0) begin : gen_places
      cascade_delay #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS)) places (
          .clk(ap_clk), .word(word), .data(data));
    end else begin : gen_word
      assign data = word;
    end
  end else if (CHAIN > 0) begin : gen_cascade
    cascade_rom #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS), .DEPTH(WORDS), .FILE(FILE),
                  .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end else begin : gen_rom
    weight_rom #(.WIDTH(WIDTH), .DEPTH(WORDS), .FILE(FILE), .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end

  if (!LOADED) begin : gen_no_chain
    assign load_out = load_in;
  end
  logic unused;  // the bits that keep constants representable
  assign unused = &{1'b0, address};

endmodule
