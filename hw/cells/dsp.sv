// SPDX-License-Identifier: Apache-2.0
// DSP slices: DSP48E1 (7-series) and DSP48E2 (UltraScale+).
//
//   AD = D +- A,  M = AD * B,  P = Z +- (W + X + Y + CARRYIN)
//
// with a register, its enable and its synchronous reset at every stage; resets come before enables. Modelled
// are the pre-adder, the cascades of A, B and P, and every sum of 48 bits that OPMODE and ALUMODE can ask for.
// Logic and SIMD modes, pattern detection and the carry chain are not; they stop the simulation, and a netlist
// that uses their outputs does not compile, for the outputs do not exist here.

// A pipeline register that is there where STAGES is not 0.
module fpgan_dsp_stage #(
    parameter STAGES = 1,
    parameter WIDTH = 1
) (
    input clk, en, rst,
    input [WIDTH-1:0] d,
    output [WIDTH-1:0] q
);
  if (STAGES == 0) begin : gen_wire
    assign q = d;
  end else begin : gen_register
    reg [WIDTH-1:0] held;
    initial held = '0;
    always @(posedge clk)
      if (rst) held <= '0;
      else if (en) held <= d;
    assign q = held;
  end
endmodule

module fpgan_dsp #(
    parameter ADW = 27,  // bits of D, of the pre-adder and of the multiplier's A side
    parameter AREG = 1, BREG = 1, ACASCREG = 1, BCASCREG = 1, CREG = 1, DREG = 1, ADREG = 1, MREG = 1, PREG = 1,
    parameter INMODEREG = 1, OPMODEREG = 1, ALUMODEREG = 1, CARRYINREG = 1, CARRYINSELREG = 1,
    parameter [0:0] CASCADED_A = 0, CASCADED_B = 0,  // A and B come from the neighbour
    parameter [0:0] USE_D = 1,      // the multiplier takes the pre-adder's result for A
    parameter [0:0] MULTIPLIES = 1,
    parameter [47:0] RND = 0
) (
    input clk,
    input [29:0] a, acin,
    input [17:0] b, bcin,
    input [47:0] c, pcin,
    input [ADW-1:0] d,
    input [4:0] inmode,
    input [8:0] opmode,
    input [3:0] alumode,
    input [2:0] carryinsel,
    input carryin,
    input cea1, cea2, ceb1, ceb2, cec, ced, cead, cem, cep, ceinmode, cectrl, cealumode, cecarryin,
    input rsta, rstb, rstc, rstd, rstm, rstp, rstinmode, rstctrl, rstalumode, rstallcarryin,
    output [29:0] acout,
    output [17:0] bcout,
    output [47:0] p
);
  wire [4:0] in;
  wire [8:0] op;
  wire [3:0] alu;
  wire [2:0] carrysel;
  wire carry;
  fpgan_dsp_stage #(INMODEREG, 5) inmode_stage (clk, ceinmode, rstinmode, inmode, in);
  fpgan_dsp_stage #(OPMODEREG, 9) opmode_stage (clk, cectrl, rstctrl, opmode, op);
  fpgan_dsp_stage #(ALUMODEREG, 4) alumode_stage (clk, cealumode, rstalumode, alumode, alu);
  fpgan_dsp_stage #(CARRYINSELREG, 3) carrysel_stage (clk, cectrl, rstctrl, carryinsel, carrysel);
  fpgan_dsp_stage #(CARRYINREG, 1) carry_stage (clk, cecarryin, rstallcarryin, carryin, carry);

  // of two registers the first is only there where both are
  wire [29:0] a1, a2;
  wire [17:0] b1, b2;
  fpgan_dsp_stage #(AREG == 2, 30) a1_stage (clk, cea1, rsta, CASCADED_A ? acin : a, a1);
  fpgan_dsp_stage #(AREG, 30) a2_stage (clk, cea2, rsta, a1, a2);
  fpgan_dsp_stage #(BREG == 2, 18) b1_stage (clk, ceb1, rstb, CASCADED_B ? bcin : b, b1);
  fpgan_dsp_stage #(BREG, 18) b2_stage (clk, ceb2, rstb, b1, b2);
  assign acout = ACASCREG == AREG ? a2 : a1;
  assign bcout = BCASCREG == BREG ? b2 : b1;

  wire [47:0] c1;
  wire [ADW-1:0] d1, a_term, sum, ad, m_a;
  wire [17:0] m_b;
  fpgan_dsp_stage #(CREG, 48) c_stage (clk, cec, rstc, c, c1);
  fpgan_dsp_stage #(DREG, ADW) d_stage (clk, ced, rstd, d, d1);
  assign a_term = in[1] ? '0 : in[0] ? a1[ADW-1:0] : a2[ADW-1:0];
  assign sum = in[3] ? (in[2] ? d1 : '0) - a_term : (in[2] ? d1 : '0) + a_term;
  fpgan_dsp_stage #(ADREG, ADW) ad_stage (clk, cead, rstd, sum, ad);
  assign m_a = USE_D ? ad : a_term;
  assign m_b = in[4] ? b1 : b2;

  wire signed [ADW+17:0] product = $signed(m_a) * $signed(m_b);
  wire [ADW+17:0] m;
  fpgan_dsp_stage #(MREG, ADW + 18) m_stage (clk, cem, rstm, product, m);

  reg [47:0] w, x, y, z, total;
  always @* begin
    case (op[1:0])
      2'b00: x = '0;
      2'b01: x = 48'($signed(m));
      2'b10: x = p;
      2'b11: x = {a2, b2};
    endcase
    case (op[3:2])
      2'b00, 2'b01: y = '0;  // 01: the other half of the product, all of which is in x
      2'b10: y = '1;
      2'b11: y = c1;
    endcase
    case (op[6:4])
      3'b000: z = '0;
      3'b001: z = pcin;
      3'b010: z = p;
      3'b011: z = c1;
      3'b101: z = 48'($signed(pcin) >>> 17);
      default: z = 48'($signed(p) >>> 17);
    endcase
    case (op[8:7])
      2'b00: w = '0;
      2'b01: w = p;
      2'b10: w = RND;
      2'b11: w = c1;
    endcase
    total = w + x + y + 48'(carry);
    case (alu[1:0])
      2'b00: total = z + total;
      2'b01: total = ~z + total;     // -z + total - 1
      2'b10: total = ~(z + total);   // -z - total - 1
      2'b11: total = z - total;
    endcase
  end
  fpgan_dsp_stage #(PREG, 48) p_stage (clk, cep, rstp, total, p);

  // what is selected now must be modelled
  always @(posedge clk) begin
    if (alu[3:2] != 0 || carrysel != 0) begin
      $error("DSP48: ALUMODE=%b, CARRYINSEL=%b: logic modes and the carry chain are not modelled", alu,
             carrysel);
      $finish;
    end
    if ((op[1:0] == 2'b01) != (op[3:2] == 2'b01) || (op[1:0] == 2'b01 && !MULTIPLIES)) begin
      $error("DSP48: OPMODE=%b takes half a product, or one where USE_MULT is NONE", op);
      $finish;
    end
    if (op[6:4] == 3'b100 || op[6:4] == 3'b111
        || (PREG == 0 && (op[1:0] == 2'b10 || op[8:7] == 2'b01
        || op[6:4] == 3'b010 || op[6:4] == 3'b110))) begin
      $error("DSP48: OPMODE=%b extends an accumulator, is reserved, or adds P without a register", op);
      $finish;
    end
    if ((in[0] && AREG != 2 && !in[1]) || (in[4] && BREG != 2)) begin
      $error("DSP48: INMODE=%b selects the first of two registers with AREG=%0d, BREG=%0d", in, AREG, BREG);
      $finish;
    end
  end

  if (AREG > 2 || BREG > 2 || ACASCREG > AREG || AREG - ACASCREG > 1 || BCASCREG > BREG || BREG - BCASCREG > 1
      || (AREG == 1 && ACASCREG == 0) || (BREG == 1 && BCASCREG == 0)) begin : gen_bad_registers
    $error("DSP48: AREG=%0d, ACASCREG=%0d, BREG=%0d, BCASCREG=%0d do not exist", AREG, ACASCREG, BREG,
           BCASCREG);
  end
endmodule

module DSP48E1 #(
    parameter integer ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
    parameter integer CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
    parameter integer OPMODEREG = 1, PREG = 1,
    parameter AUTORESET_PATDET = "NO_RESET", A_INPUT = "DIRECT", B_INPUT = "DIRECT",
    parameter SEL_MASK = "MASK", SEL_PATTERN = "PATTERN", USE_DPORT = "FALSE", USE_MULT = "MULTIPLY",
    parameter USE_PATTERN_DETECT = "NO_PATDET", USE_SIMD = "ONE48",
    parameter [47:0] MASK = 48'h3FFFFFFFFFFF, PATTERN = 0,
    parameter [3:0] IS_ALUMODE_INVERTED = 0,
    parameter [0:0] IS_CARRYIN_INVERTED = 0, IS_CLK_INVERTED = 0,
    parameter [4:0] IS_INMODE_INVERTED = 0,
    parameter [6:0] IS_OPMODE_INVERTED = 0
) (
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output [47:0] P, PCOUT,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [24:0] D,
    input [3:0] ALUMODE,
    input [2:0] CARRYINSEL,
    input [4:0] INMODE,
    input [6:0] OPMODE,
    input CARRYCASCIN, CARRYIN, MULTSIGNIN, CLK,  // the cascades of carry and sign are never selected
    input CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
  if (USE_SIMD != "ONE48" || USE_PATTERN_DETECT != "NO_PATDET" || AUTORESET_PATDET != "NO_RESET"
      || IS_CLK_INVERTED) begin : gen_bad
    $error("DSP48E1: SIMD, pattern detection and an inverted clock are not modelled");
  end
  // without the D port, INMODE only gates and selects
  wire [4:0] inmode = (INMODE ^ IS_INMODE_INVERTED) & (USE_DPORT == "TRUE" ? 5'b11111 : 5'b10011);
  fpgan_dsp #(
      .ADW(25), .AREG(AREG), .BREG(BREG), .ACASCREG(ACASCREG), .BCASCREG(BCASCREG), .CREG(CREG), .DREG(DREG),
      .ADREG(ADREG), .MREG(MREG), .PREG(PREG), .INMODEREG(INMODEREG), .OPMODEREG(OPMODEREG),
      .ALUMODEREG(ALUMODEREG), .CARRYINREG(CARRYINREG), .CARRYINSELREG(CARRYINSELREG),
      .CASCADED_A(A_INPUT == "CASCADE"), .CASCADED_B(B_INPUT == "CASCADE"), .USE_D(USE_DPORT == "TRUE"),
      .MULTIPLIES(USE_MULT != "NONE")
  ) slice (
      .clk(CLK), .a(A), .acin(ACIN), .b(B), .bcin(BCIN), .c(C), .pcin(PCIN), .d(D), .inmode(inmode),
      .opmode({2'b00, OPMODE ^ IS_OPMODE_INVERTED}), .alumode(ALUMODE ^ IS_ALUMODE_INVERTED),
      .carryinsel(CARRYINSEL), .carryin(CARRYIN ^ IS_CARRYIN_INVERTED),
      .cea1(CEA1), .cea2(CEA2), .ceb1(CEB1), .ceb2(CEB2), .cec(CEC), .ced(CED), .cead(CEAD),
      .cem(CEM), .cep(CEP),
      .ceinmode(CEINMODE), .cectrl(CECTRL), .cealumode(CEALUMODE), .cecarryin(CECARRYIN),
      .rsta(RSTA), .rstb(RSTB), .rstc(RSTC), .rstd(RSTD), .rstm(RSTM), .rstp(RSTP), .rstinmode(RSTINMODE),
      .rstctrl(RSTCTRL), .rstalumode(RSTALUMODE), .rstallcarryin(RSTALLCARRYIN),
      .acout(ACOUT), .bcout(BCOUT), .p(P)
  );
  assign PCOUT = P;
endmodule

module DSP48E2 #(
    parameter integer ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
    parameter integer CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
    parameter integer OPMODEREG = 1, PREG = 1,
    parameter AMULTSEL = "A", BMULTSEL = "B", PREADDINSEL = "A", A_INPUT = "DIRECT", B_INPUT = "DIRECT",
    parameter AUTORESET_PATDET = "NO_RESET", AUTORESET_PRIORITY = "RESET",
    parameter SEL_MASK = "MASK", SEL_PATTERN = "PATTERN", USE_MULT = "MULTIPLY",
    parameter USE_PATTERN_DETECT = "NO_PATDET", USE_SIMD = "ONE48", USE_WIDEXOR = "FALSE",
    parameter XORSIMD = "XOR24_48_96",
    parameter [47:0] MASK = 48'h3FFFFFFFFFFF, PATTERN = 0, RND = 0,
    parameter [3:0] IS_ALUMODE_INVERTED = 0,
    parameter [4:0] IS_INMODE_INVERTED = 0,
    parameter [8:0] IS_OPMODE_INVERTED = 0,
    parameter [0:0] IS_CARRYIN_INVERTED = 0, IS_CLK_INVERTED = 0,
    parameter [0:0] IS_RSTALLCARRYIN_INVERTED = 0, IS_RSTALUMODE_INVERTED = 0, IS_RSTA_INVERTED = 0,
    parameter [0:0] IS_RSTB_INVERTED = 0, IS_RSTC_INVERTED = 0, IS_RSTCTRL_INVERTED = 0, IS_RSTD_INVERTED = 0,
    parameter [0:0] IS_RSTINMODE_INVERTED = 0, IS_RSTM_INVERTED = 0, IS_RSTP_INVERTED = 0
) (
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output [47:0] P, PCOUT,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [26:0] D,
    input [3:0] ALUMODE,
    input [2:0] CARRYINSEL,
    input [4:0] INMODE,
    input [8:0] OPMODE,
    input CARRYCASCIN, CARRYIN, MULTSIGNIN, CLK,  // the cascades of carry and sign are never selected
    input CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
  if (USE_SIMD != "ONE48" || USE_PATTERN_DETECT != "NO_PATDET" || AUTORESET_PATDET != "NO_RESET"
      || USE_WIDEXOR != "FALSE" || PREADDINSEL != "A" || BMULTSEL != "B" || IS_CLK_INVERTED) begin : gen_bad
    $error("DSP48E2: SIMD, wide XOR, pattern detection, B pre-added and an inverted clock are not modelled");
  end
  // without the pre-adder, INMODE only gates and selects
  wire [4:0] inmode = (INMODE ^ IS_INMODE_INVERTED) & (AMULTSEL == "AD" ? 5'b11111 : 5'b10011);
  fpgan_dsp #(
      .ADW(27), .AREG(AREG), .BREG(BREG), .ACASCREG(ACASCREG), .BCASCREG(BCASCREG), .CREG(CREG), .DREG(DREG),
      .ADREG(ADREG), .MREG(MREG), .PREG(PREG), .INMODEREG(INMODEREG), .OPMODEREG(OPMODEREG),
      .ALUMODEREG(ALUMODEREG), .CARRYINREG(CARRYINREG), .CARRYINSELREG(CARRYINSELREG),
      .CASCADED_A(A_INPUT == "CASCADE"), .CASCADED_B(B_INPUT == "CASCADE"), .USE_D(AMULTSEL == "AD"),
      .MULTIPLIES(USE_MULT != "NONE"), .RND(RND)
  ) slice (
      .clk(CLK), .a(A), .acin(ACIN), .b(B), .bcin(BCIN), .c(C), .pcin(PCIN), .d(D), .inmode(inmode),
      .opmode(OPMODE ^ IS_OPMODE_INVERTED), .alumode(ALUMODE ^ IS_ALUMODE_INVERTED),
      .carryinsel(CARRYINSEL), .carryin(CARRYIN ^ IS_CARRYIN_INVERTED),
      .cea1(CEA1), .cea2(CEA2), .ceb1(CEB1), .ceb2(CEB2), .cec(CEC), .ced(CED), .cead(CEAD),
      .cem(CEM), .cep(CEP),
      .ceinmode(CEINMODE), .cectrl(CECTRL), .cealumode(CEALUMODE), .cecarryin(CECARRYIN),
      .rsta(RSTA ^ IS_RSTA_INVERTED), .rstb(RSTB ^ IS_RSTB_INVERTED), .rstc(RSTC ^ IS_RSTC_INVERTED),
      .rstd(RSTD ^ IS_RSTD_INVERTED), .rstm(RSTM ^ IS_RSTM_INVERTED), .rstp(RSTP ^ IS_RSTP_INVERTED),
      .rstinmode(RSTINMODE ^ IS_RSTINMODE_INVERTED), .rstctrl(RSTCTRL ^ IS_RSTCTRL_INVERTED),
      .rstalumode(RSTALUMODE ^ IS_RSTALUMODE_INVERTED),
      .rstallcarryin(RSTALLCARRYIN ^ IS_RSTALLCARRYIN_INVERTED),
      .acout(ACOUT), .bcout(BCOUT), .p(P)
  );
  assign PCOUT = P;
endmodule
