// SPDX-License-Identifier: Apache-2.0
// One DSP slice of a cascade: a packed word of weights times an activation, added to what comes from below.
//
//   p <= (low - sign) * b + pcin + (ACCUMULATES ? (first ? BIAS : p) : BIAS)
//
// without pcin where not CASCADED. II = 1; from low, sign and b to p 4 cycles, from pcin 1, from `first` 2. No
// reset and no enable.
// `low` holds the weights' lower bits and `sign` their sign bits, each in its field: a sign bit counts -2^n, so
// that no weight has to be extended over the fields above it. The pre-adder puts them together.
// DSP48E2 accumulates through its W multiplexer, DSP48E1 has none.
// The carry cascade stays open, pcout has one load at most: so tools place slices on top of each other.
module cascade_slice #(
    parameter int unsigned VERSION = 2,   // 1: DSP48E1, 2: DSP48E2
    parameter bit CASCADED = 0,
    parameter bit ACCUMULATES = 0,        // over steps, from `first` on
    parameter logic [47:0] BIAS = 0,      // what a sum starts from
    localparam int unsigned ADW = VERSION == 1 ? 25 : 27  // bits of the pre-adder
) (
    input  logic clk,
    input  logic first,           // see ACCUMULATES
    input  logic [ADW-1:0] low,
    input  logic [ADW-1:0] sign,
    input  logic [17:0] b,        // signed
    input  logic [47:0] pcin,
    output logic [47:0] p,
    output logic [47:0] pcout     // p, for the slice above
);

  if (VERSION == 1 && ACCUMULATES) begin : gen_no_w
    $error("cascade_slice: VERSION=%0d does not accumulate", VERSION);
  end
  if (!ACCUMULATES && CASCADED && BIAS != 0) begin : gen_no_c
    $error("cascade_slice: BIAS=%0h is for the first slice of a cascade", BIAS);
  end

`ifdef VERILATOR
  logic [ADW-1:0] low_q, sign_q, ad_q;
  logic [17:0] b1_q, b2_q;
  logic signed [47:0] m_q;
  logic first_q;
  always_ff @(posedge clk) begin
    low_q <= low;
    sign_q <= sign;
    ad_q <= low_q - sign_q;
    b1_q <= b;
    b2_q <= b1_q;
    m_q <= 48'($signed(ad_q)) * 48'($signed(b2_q));
    first_q <= first;
    p <= m_q + (CASCADED ? pcin : '0) + (ACCUMULATES && !first_q ? p : BIAS);
  end
  assign pcout = p;
`else
  // X and Y take the product, Z pcin or BIAS, W what accumulates.
  localparam logic [2:0] Z = CASCADED ? 3'b001 : ACCUMULATES || BIAS == 0 ? 3'b000 : 3'b011;
  if (VERSION == 1) begin : gen_e1
    DSP48E1 #(
        .AREG(1), .ACASCREG(1), .BREG(2), .BCASCREG(2), .CREG(1), .DREG(1), .ADREG(1), .MREG(1), .PREG(1),
        .INMODEREG(0), .OPMODEREG(1), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .USE_DPORT("TRUE")
    ) dsp (
        .CLK(clk), .A({5'b0, sign}), .B(b), .C(BIAS), .D(low), .PCIN(pcin), .OPMODE({Z, 4'b0101}),
        .INMODE(5'b01100), .ALUMODE(4'b0000), .CARRYINSEL(3'b000), .CARRYIN(1'b0),
        .ACIN(), .BCIN(), .CARRYCASCIN(), .MULTSIGNIN(),
        .CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b1), .CEB2(1'b1), .CEC(1'b1), .CED(1'b1), .CEAD(1'b1), .CEM(1'b1),
        .CEP(1'b1), .CEINMODE(1'b1), .CECTRL(1'b1), .CEALUMODE(1'b1), .CECARRYIN(1'b1),
        .RSTA(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTD(1'b0), .RSTM(1'b0), .RSTP(1'b0), .RSTINMODE(1'b0),
        .RSTCTRL(1'b0), .RSTALUMODE(1'b0), .RSTALLCARRYIN(1'b0), .P(p), .PCOUT(pcout));
  end else begin : gen_e2
    DSP48E2 #(
        .AREG(1), .ACASCREG(1), .BREG(2), .BCASCREG(2), .CREG(1), .DREG(1), .ADREG(1), .MREG(1), .PREG(1),
        .INMODEREG(0), .OPMODEREG(1), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .AMULTSEL("AD")
    ) dsp (
        .CLK(clk), .A({3'b0, sign}), .B(b), .C(BIAS), .D(low), .PCIN(pcin),
        .OPMODE({ACCUMULATES && first, ACCUMULATES, Z, 4'b0101}),
        .INMODE(5'b01100), .ALUMODE(4'b0000), .CARRYINSEL(3'b000), .CARRYIN(1'b0),
        .ACIN(), .BCIN(), .CARRYCASCIN(), .MULTSIGNIN(),
        .CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b1), .CEB2(1'b1), .CEC(1'b1), .CED(1'b1), .CEAD(1'b1), .CEM(1'b1),
        .CEP(1'b1), .CEINMODE(1'b1), .CECTRL(1'b1), .CEALUMODE(1'b1), .CECARRYIN(1'b1),
        .RSTA(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTD(1'b0), .RSTM(1'b0), .RSTP(1'b0), .RSTINMODE(1'b0),
        .RSTCTRL(1'b0), .RSTALUMODE(1'b0), .RSTALLCARRYIN(1'b0), .P(p), .PCOUT(pcout));
  end
`endif

endmodule
