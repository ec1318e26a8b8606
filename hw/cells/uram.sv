// SPDX-License-Identifier: Apache-2.0
// UltraRAM: 4096 words of 72 bits, two ports on one clock.
//
//   A port with EN either writes the lanes with BWE (RDB_WR = 1) or reads into its output register
//   (RDB_WR = 0), which RST clears. Port A goes first in a cycle: port B reads what port A writes, and its
//   write to a word that port A writes too remains.
//
// Cascades, ECC, sleep, further pipeline registers and asynchronous resets are not modelled and stop the
// simulation.

module URAM288 #(
    parameter BWE_MODE_A = "PARITY_INTERLEAVED", BWE_MODE_B = "PARITY_INTERLEAVED",
    parameter CASCADE_ORDER_A = "NONE", CASCADE_ORDER_B = "NONE",
    parameter EN_AUTO_SLEEP_MODE = "FALSE",
    parameter EN_ECC_RD_A = "FALSE", EN_ECC_RD_B = "FALSE", EN_ECC_WR_A = "FALSE", EN_ECC_WR_B = "FALSE",
    parameter IREG_PRE_A = "FALSE", IREG_PRE_B = "FALSE", OREG_A = "FALSE", OREG_B = "FALSE",
    parameter RST_MODE_A = "SYNC", RST_MODE_B = "SYNC",
    parameter [0:0] IS_CLK_INVERTED = 0, IS_EN_A_INVERTED = 0, IS_EN_B_INVERTED = 0,
    parameter [0:0] IS_RDB_WR_A_INVERTED = 0, IS_RDB_WR_B_INVERTED = 0, IS_RST_A_INVERTED = 0,
        IS_RST_B_INVERTED = 0
) (
    input CLK, SLEEP,
    input [22:0] ADDR_A, ADDR_B,
    input [8:0] BWE_A, BWE_B,
    input EN_A, EN_B, RDB_WR_A, RDB_WR_B, RST_A, RST_B,
    input INJECT_DBITERR_A, INJECT_DBITERR_B, INJECT_SBITERR_A, INJECT_SBITERR_B,
    input [71:0] DIN_A, DIN_B,
    output reg [71:0] DOUT_A, DOUT_B
);
  if (CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE" || EN_AUTO_SLEEP_MODE != "FALSE"
      || EN_ECC_RD_A != "FALSE" || EN_ECC_RD_B != "FALSE" || EN_ECC_WR_A != "FALSE" || EN_ECC_WR_B != "FALSE"
      || IREG_PRE_A != "FALSE" || IREG_PRE_B != "FALSE" || OREG_A != "FALSE" || OREG_B != "FALSE"
      || IS_CLK_INVERTED || IS_EN_A_INVERTED || IS_EN_B_INVERTED
      || IS_RDB_WR_A_INVERTED || IS_RDB_WR_B_INVERTED || IS_RST_A_INVERTED || IS_RST_B_INVERTED) begin : gen_bad
    $error("URAM288: cascades, ECC, sleep, registers and inverted pins are not modelled");
  end

  // Which of 72 bits a port's BWE lets through: bits 71:64 are the parity bits of the 8 bytes below.
  function automatic [71:0] mask(input [8:0] bwe, input bit interleaved);
    for (int i = 0; i < 8; i++) begin
      mask[8*i+:8] = {8{bwe[i]}};
      mask[64+i] = interleaved ? bwe[i] : bwe[8];
    end
  endfunction

  reg [71:0] words[4096];
  initial begin
    for (int i = 0; i < 4096; i++) words[i] = '0;
    DOUT_A = '0;
    DOUT_B = '0;
  end
  wire write_a = EN_A && RDB_WR_A, write_b = EN_B && RDB_WR_B;
  wire [11:0] a = ADDR_A[11:0], b = ADDR_B[11:0];
  wire [71:0] mask_a = mask(BWE_A, BWE_MODE_A == "PARITY_INTERLEAVED");
  wire [71:0] mask_b = mask(BWE_B, BWE_MODE_B == "PARITY_INTERLEAVED");
  wire [71:0] new_a = (words[a] & ~mask_a) | (DIN_A & mask_a);
  wire [71:0] old_b = write_a && a == b ? new_a : words[b];

  always @(posedge CLK) begin
    if (write_a) words[a] <= new_a;
    if (write_b) words[b] <= (old_b & ~mask_b) | (DIN_B & mask_b);
    if (RST_A) DOUT_A <= '0;
    else if (EN_A && !RDB_WR_A) DOUT_A <= words[a];
    if (RST_B) DOUT_B <= '0;
    else if (EN_B && !RDB_WR_B) DOUT_B <= old_b;
    if (RST_A && RST_MODE_A != "SYNC" || RST_B && RST_MODE_B != "SYNC") begin
      $error("URAM288: an asynchronous reset is not modelled");
      $finish;
    end
    if (SLEEP || INJECT_DBITERR_A || INJECT_DBITERR_B || INJECT_SBITERR_A || INJECT_SBITERR_B) begin
      $error("URAM288: sleep and injected errors are not modelled");
      $finish;
    end
    if (ADDR_A[22:12] != 0 && EN_A || ADDR_B[22:12] != 0 && EN_B) begin
      $error("URAM288: address bits beyond 11 select a cascaded block, which is not modelled");
      $finish;
    end
  end
endmodule
