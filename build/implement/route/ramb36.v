// SPDX-License-Identifier: Apache-2.0
// Techmap rule: a ROM of 4,096 words of 9 bits, which would keep the ninth of each in the parity of a RAMB36's two
// halves, in a way that no public document says. Two RAMB18 hold half of the words each:
//
//   word a = half[a / 2048][a % 2048]
//
// A register remembers which half was read. Ports that write, output registers and resets are left as they are.
`define FPGAN_8(ROW) \
    ROW``0 = 0, ROW``1 = 0, ROW``2 = 0, ROW``3 = 0, ROW``4 = 0, ROW``5 = 0, ROW``6 = 0, ROW``7 = 0
`define FPGAN_16(ROW) `FPGAN_8(ROW), \
    ROW``8 = 0, ROW``9 = 0, ROW``A = 0, ROW``B = 0, ROW``C = 0, ROW``D = 0, ROW``E = 0, ROW``F = 0
`define FPGAN_SET_LOW(TO, ROW) \
    .TO``0(ROW``0), .TO``1(ROW``1), .TO``2(ROW``2), .TO``3(ROW``3), \
    .TO``4(ROW``4), .TO``5(ROW``5), .TO``6(ROW``6), .TO``7(ROW``7)
`define FPGAN_SET_16(TO, ROW) `FPGAN_SET_LOW(TO, ROW), \
    .TO``8(ROW``8), .TO``9(ROW``9), .TO``A(ROW``A), .TO``B(ROW``B), \
    .TO``C(ROW``C), .TO``D(ROW``D), .TO``E(ROW``E), .TO``F(ROW``F)
`define FPGAN_SET_HIGH(TO, ROW) \
    .TO``0(ROW``8), .TO``1(ROW``9), .TO``2(ROW``A), .TO``3(ROW``B), \
    .TO``4(ROW``C), .TO``5(ROW``D), .TO``6(ROW``E), .TO``7(ROW``F)
`define FPGAN_HALF(NAME, R0, R1, R2, R3, PARITY) RAMB18E1 #( \
    .RAM_MODE("TDP"), .READ_WIDTH_A(9), .WRITE_WIDTH_A(0), .READ_WIDTH_B(0), .WRITE_WIDTH_B(0), \
    .DOA_REG(0), .DOB_REG(0), .WRITE_MODE_A(WRITE_MODE_A), .WRITE_MODE_B(WRITE_MODE_B), \
    `FPGAN_SET_16(INIT_0, R0), `FPGAN_SET_16(INIT_1, R1), `FPGAN_SET_16(INIT_2, R2), `FPGAN_SET_16(INIT_3, R3), \
    PARITY) NAME ( \
    .ADDRARDADDR(ADDRARDADDR[13:0]), .ADDRBWRADDR(14'd0), .CLKARDCLK(CLKARDCLK), .CLKBWRCLK(1'b0), \
    .ENARDEN(ENARDEN), .ENBWREN(1'b0), .REGCEAREGCE(1'b0), .REGCEB(1'b0), .RSTRAMARSTRAM(1'b0), .RSTRAMB(1'b0), \
    .RSTREGARSTREG(1'b0), .RSTREGB(1'b0), .DIADI(16'd0), .DIBDI(16'd0), .DIPADIP(2'd0), .DIPBDIP(2'd0), \
    .WEA(2'd0), .WEBWE(4'd0), .DOADO(NAME``_word[15:0]), .DOPADOP(NAME``_word[17:16]), \
    .DOBDO(NAME``_b[15:0]), .DOPBDOP(NAME``_b[17:16]))

(* techmap_celltype = "RAMB36E1" *)
module ramb36_of_halves #(
    parameter [255:0]
        `FPGAN_16(INIT_0), `FPGAN_16(INIT_1), `FPGAN_16(INIT_2), `FPGAN_16(INIT_3),
        `FPGAN_16(INIT_4), `FPGAN_16(INIT_5), `FPGAN_16(INIT_6), `FPGAN_16(INIT_7), `FPGAN_16(INITP_0),
    parameter DOA_REG = 0, DOB_REG = 0, READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST", RAM_MODE = "TDP",
    parameter RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE", SRVAL_A = 0, SRVAL_B = 0, INIT_A = 0, INIT_B = 0,
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
    parameter [0:0] _TECHMAP_CONSTMSK_RSTRAMARSTRAM_ = 0, _TECHMAP_CONSTVAL_RSTRAMARSTRAM_ = 0
) (
    output [31:0] DOADO, DOBDO,
    output [3:0] DOPADOP, DOPBDOP,
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG,
        RSTREGB,
    input [15:0] ADDRARDADDR, ADDRBWRADDR,
    input [31:0] DIADI, DIBDI,
    input [3:0] DIPADIP, DIPBDIP, WEA,
    input [7:0] WEBWE
);
  wire _TECHMAP_FAIL_ = READ_WIDTH_A != 9 || WRITE_WIDTH_A != 0 || READ_WIDTH_B != 0 || WRITE_WIDTH_B != 0
      || DOA_REG != 0 || (|INIT_A) === 1'b1 || IS_CLKARDCLK_INVERTED || IS_ENARDEN_INVERTED
      || !_TECHMAP_CONSTMSK_RSTRAMARSTRAM_ || _TECHMAP_CONSTVAL_RSTRAMARSTRAM_;
  wire [17:0] low_word, high_word, low_b, high_b;
  wire high_read;
  `FPGAN_HALF(low, INIT_0, INIT_1, INIT_2, INIT_3, `FPGAN_SET_LOW(INITP_0, INITP_0));
  `FPGAN_HALF(high, INIT_4, INIT_5, INIT_6, INIT_7, `FPGAN_SET_HIGH(INITP_0, INITP_0));
  FDRE half (.C(CLKARDCLK), .CE(ENARDEN), .D(ADDRARDADDR[14]), .R(1'b0), .Q(high_read));
  genvar i;
  generate
    for (i = 0; i < 9; i = i + 1) begin : gen_bit
      wire q;
      LUT3 #(.INIT(8'hCA)) choice (
          .O(q), .I0(low_word[i < 8 ? i : 16]), .I1(high_word[i < 8 ? i : 16]), .I2(high_read));
      if (i < 8) assign DOADO[i] = q;
      else assign DOPADOP[0] = q;
    end
  endgenerate
endmodule
