# SPDX-License-Identifier: Apache-2.0
"""Block RAMs with two ports, beside a description of one."""

from __future__ import annotations

from compared_cells import Bench

# A block RAM with two ports of 18 bits and output registers, said once more: [p] is a port.
RAM = """
module ref_ram #(parameter MODE = "", PRIORITY = "") (
    input clk, input [1:0] en, rst, regrst, regce, input [1:0][9:0] addr, input [1:0][1:0] we,
    input [1:0][17:0] d, output reg [1:0][17:0] q
);
  localparam [17:0] VALUE = 18'b0_00010010_1_00110100;  // a reset gives
  reg [17:0] words[1024];
  reg [1:0][17:0] latch;
  bit [1:0][17:0] old, merged;
  initial begin
    latch = '0;
    q = '0;
    for (int i = 0; i < 1024; i++) words[i] = '0;
  end
  always @(posedge clk) begin
    for (int p = 0; p < 2; p++) begin
      if (regrst[p] && (PRIORITY == "RSTREG" || regce[p])) q[p] <= VALUE;
      else if (regce[p]) q[p] <= latch[p];
      old[p] = words[addr[p]];
      merged[p] = {we[p][1] ? d[p][17:9] : old[p][17:9], we[p][0] ? d[p][8:0] : old[p][8:0]};
    end
    for (int p = 0; p < 2; p++)
      if (en[p]) begin
        if (we[p] != 0) words[addr[p]] = merged[p];
        if (rst[p]) latch[p] = VALUE;
        else if (MODE == "WRITE_FIRST") latch[p] = merged[p];
        else if (MODE == "READ_FIRST" || we[p] == 0) latch[p] = old[p];
      end
  end
endmodule
"""
RAMS = [
    ("RAMB18E1", "READ_FIRST", "RSTREG"), ("RAMB18E1", "WRITE_FIRST", "REGCE"),
    ("RAMB18E2", "NO_CHANGE", "RSTREG"), ("RAMB18E2", "READ_FIRST", "REGCE"),
]  # fmt: skip


def add_ram(bench: Bench, module: str, mode: str, priority: str) -> None:
    """Both ports write, never one word together; the second may read what the first writes."""
    n = len(bench.body)
    a, b = bench.compare(36)
    low, high = bench.stimulus(10), bench.stimulus(10)
    we, d = bench.stimulus(4), bench.stimulus(36)
    en, rst, regrst, regce = (
        f"{{{bench.chance(percent)}, {bench.chance(percent)}}}" for percent in (80, 10, 10, 70)
    )
    meet = f"{we}[3:2] == 0" if mode == "READ_FIRST" else "1'b0"
    bench.body.append(
        f"wire [9:0] other_{n} = {meet} && {high}[0] ? {low} : {{!{low}[9], {high}[8:0]}};\n"
        f"wire [1:0] en_{n} = {en}, rst_{n} = {rst}, regrst_{n} = {regrst}, regce_{n} = {regce};\n"
        f'ref_ram #(.MODE("{mode}"), .PRIORITY("{priority}")) {b}_i (.clk(clk), .en(en_{n}),'
        f" .rst(rst_{n}), .regrst(regrst_{n}), .regce(regce_{n}), .addr({{other_{n}, {low}}}), .we({we}),"
        f" .d({d}), .q({b}));"
    )
    di, dip, do, dop = ("DI{}DI", "DIP{}DIP", "DO{}DO", "DOP{}DOP")
    if module.endswith("E2"):
        di, dip, do, dop = ("DIN{}DIN", "DINP{}DINP", "DOUT{}DOUT", "DOUTP{}DOUTP")
    parameters = ['.SIM_COLLISION_CHECK("NONE")']
    pins = [f".WEA({we}[1:0])", f".WEBWE({{2'b0, {we}[3:2]}})", ".CLKARDCLK(clk)", ".CLKBWRCLK(clk)"]
    pins += [f".ADDRARDADDR({{{low}, 4'b0}})", f".ADDRBWRADDR({{other_{n}, 4'b0}})"]
    for p, (port, read, write) in enumerate((("A", "ARD", "ARSTRAM"), ("B", "BWR", "B"))):
        parameters += [
            f".DO{port}_REG(1)", f".READ_WIDTH_{port}(18)", f".WRITE_WIDTH_{port}(18)",
            f'.WRITE_MODE_{port}("{mode}")', f'.RSTREG_PRIORITY_{port}("{priority}")',
            f".SRVAL_{port}({{2'b01, 8'h12, 8'h34}})",
        ]  # fmt: skip
        bits = 18 * p
        pins += [
            f".{di.format(port)}({{{d}[{bits + 9}+:8], {d}[{bits}+:8]}})",
            f".{dip.format(port)}({{{d}[{bits + 17}], {d}[{bits + 8}]}})",
            f".{do.format(port)}({{{a}[{bits + 9}+:8], {a}[{bits}+:8]}})",
            f".{dop.format(port)}({{{a}[{bits + 17}], {a}[{bits + 8}]}})",
            f".EN{read}EN(en_{n}[{p}])",
            f".RSTRAM{write}(rst_{n}[{p}])",
            f".RSTREG{'ARSTREG' if p == 0 else 'B'}(regrst_{n}[{p}])",
            f".REGCE{'AREGCE' if p == 0 else 'B'}(regce_{n}[{p}])",
        ]
    bench.body.append(f"{module} #({', '.join(parameters)}) {a}_i ({', '.join(pins)});")
