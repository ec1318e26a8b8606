// SPDX-License-Identifier: Apache-2.0
// What a stage of the loading chain promises behind a `first`, which is its reset, for any bytes and pauses.
module load_words_properties #(
    parameter int unsigned WIDTH = 12,
    parameter int unsigned DEPTH = 2
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [8:0] next
);

  localparam int unsigned BYTES = (WIDTH + 7) / 8;
  localparam int unsigned ALL = DEPTH * BYTES;
  localparam int unsigned AW = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int unsigned CW = $clog2(ALL + 1);  // as narrow as they can be: they are divided
  logic ap_rst_n, first, valid, mine, pass_q;
  logic [9:0] load_in, load_out;
  logic write;
  logic [AW-1:0] address;
  logic [WIDTH-1:0] data;
  any_reset resets (.again(reset), .*);
  assign {first, valid} = {!ap_rst_n, next[8] && ap_rst_n};  // `first` comes alone
  assign load_in = {first, valid, next[7:0]};
  assign mine = valid && 32'(count_q) < ALL;
  load_words #(.WIDTH(WIDTH), .DEPTH(DEPTH)) dut (.clk(ap_clk), .*);

  // The stage's bytes, the newest at the top; how many have come since `first`, and when words were whole.
  logic [CW-1:0] count_q;
  logic [8*ALL-1:0] bytes_q;
  logic [1:0] whole_q;
  logic [1:0][AW-1:0] word_q;
  logic [8*ALL-1:0] then_q;
  logic [7:0] byte_q;
  logic [1:0] begun_q = '0;  // what was under way at power-up is gone
  always_ff @(posedge ap_clk) begin
    count_q <= first ? '0 : count_q + CW'(mine);
    if (mine) bytes_q <= {load_in[7:0], bytes_q[8*ALL-1:8]};
    then_q <= bytes_q;
    whole_q <= {whole_q[0], mine && count_q % CW'(BYTES) == CW'(BYTES - 1)};
    word_q <= {word_q[0], AW'(count_q / CW'(BYTES))};
    begun_q <= {begun_q[0], 1'b1};
    pass_q <= valid && !mine;
    byte_q <= load_in[7:0];
    if (ap_rst_n && begun_q[1]) begin
      writes : assert (write == whole_q[1]) else $error("%m: a word is written too early, late or never");
      place : assert (!write || address == word_q[1]) else $error("%m: a word is written elsewhere");
      word : assert (!write || data == then_q[8*(ALL-BYTES)+:WIDTH]) else $error("%m: another word is written");
      passes : assert (load_out[8] == pass_q) else $error("%m: the next stages miss a byte, or have one more");
      bytes : assert (load_out[7:0] == byte_q) else $error("%m: the next stages get another byte");
      full : cover (write && address == AW'(DEPTH - 1));
      passed : cover (load_out[8]);
    end
  end

endmodule
