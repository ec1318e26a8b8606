// SPDX-License-Identifier: Apache-2.0
// Writes every word that a stream hands over to the file +taps=FOLDER/NUMBER.bin, in whole 32-bit words, the
// lowest first; a reset begins the file anew. For simulation: bound to the layers' outputs.
module fpgan_tap #(
    parameter int unsigned WIDTH  = 8,  // bits of tdata
    parameter int unsigned NUMBER = 0   // of the stream
) (
    input logic clk,
    input logic rst_n,
    input logic [WIDTH-1:0] tdata,
    input logic tvalid,
    input logic tready
);
  localparam int unsigned WORDS = (WIDTH + 31) / 32;

  string folder;
  int file = 0;
  logic [32*WORDS-1:0] word;

  assign word = (32 * WORDS)'(tdata);

  initial if (!$value$plusargs("taps=%s", folder)) $fatal(1, "no folder for the layers' streams");

  always @(posedge clk) begin
    if (!rst_n) begin
      if (file != 0) $fclose(file);
      file = 0;
    end else if (tvalid && tready) begin
      if (file == 0) file = $fopen($sformatf("%s/%0d.bin", folder, NUMBER), "wb");
      $fwrite(file, "%u", word);
    end
  end

  final if (file != 0) $fclose(file);
endmodule
