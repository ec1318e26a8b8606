# SPDX-License-Identifier: Apache-2.0
"""DSP48E1 and DSP48E2 in cascaded pairs, beside Yosys' DSP48E1."""

from __future__ import annotations

from compared_cells import Bench

_ENABLES = ("A1", "A2", "AD", "ALUMODE", "B1", "B2", "C", "CARRYIN", "CTRL", "D", "INMODE", "M", "P")
_RESETS = ("A", "ALLCARRYIN", "ALUMODE", "B", "C", "CTRL", "D", "INMODE", "M", "P")
_REGISTERS = (
    "ACASCREG", "ADREG", "ALUMODEREG", "AREG", "BCASCREG", "BREG", "CARRYINREG", "CARRYINSELREG", "CREG",
    "DREG", "INMODEREG", "MREG", "OPMODEREG", "PREG",
)  # fmt: skip

# register counts in the order above; with the pre-adder or not; the operand that DSP48E2's W takes over
DSPS = [
    ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), True, ""),
    ((0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1), True, ""),  # FINN's
    ((1, 0, 0, 2, 2, 2, 0, 0, 0, 1, 1, 0, 0, 1), True, "c"),
    ((2, 1, 1, 2, 1, 2, 1, 1, 1, 0, 0, 1, 1, 1), False, "p"),
    ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), False, "rnd"),
]


def add_dsp(bench: Bench, registers: tuple[int, ...], adder: bool, w: str) -> None:
    """Two slices in cascade: DSP48E1, DSP48E2 with all pins inverted that can be, and Yosys' DSP48E1."""
    regs = dict(zip(_REGISTERS, registers, strict=True))
    common = ", ".join(f".{name}({value})" for name, value in regs.items()) + ', .USE_MULT("DYNAMIC")'
    e1 = f'{common}, .USE_DPORT("{"TRUE" if adder else "FALSE"}")'
    inverted = ", ".join(f".IS_RST{reset}_INVERTED(1)" for reset in _RESETS)
    e2 = (
        f'{common}, .AMULTSEL("{"AD" if adder else "A"}"), {inverted}, .IS_OPMODE_INVERTED(9\'h0a5),'
        " .IS_ALUMODE_INVERTED(4'h9), .IS_INMODE_INVERTED(5'h15), .IS_CARRYIN_INVERTED(1'b1),"
        " .RND(48'hd2f)"
    )
    data, alu, carry, opmode, wide, inmode = _stimuli(bench, regs, w)
    enables = ", ".join(f".CE{enable}({bench.chance(80)})" for enable in _ENABLES)
    resets = {reset: bench.chance(3) for reset in _RESETS}
    plain = ", ".join(f".RST{reset}({net})" for reset, net in resets.items())
    negated = ", ".join(f".RST{reset}(!{net})" for reset, net in resets.items())
    straight = (
        f".OPMODE({opmode}), .ALUMODE({{2'b0, {alu}}}), .INMODE({inmode}), .CARRYIN({carry}),"
        f" .D({data['d']}[24:0]), {plain}, {enables}"
    )
    crossed = (
        f".OPMODE({wide} ^ 9'h0a5), .ALUMODE({{2'b0, {alu}}} ^ 4'h9), .INMODE({inmode} ^ 5'h15),"
        f" .CARRYIN(!{carry}), .D({data['d']}), {negated}, {enables}"
    )
    (a, reference), (b, same) = bench.compare(96), bench.compare(96)
    bench.body.append(f"assign {same} = {reference};")
    _pair(bench, "DSP48E1", e1, straight, data, a)
    _pair(bench, "ref_DSP48E1", e1, straight, data, reference)
    _pair(bench, "DSP48E2", e2, crossed, data, b)


def _stimuli(bench: Bench, regs: dict[str, int], w: str) -> tuple[dict[str, str], str, str, str, str, str]:
    """Data and what is selected: only what exists; A and D of 24 bits fit every multiplier."""
    n = len(bench.body)
    a, d, b, c = (bench.stimulus(width) for width in (24, 24, 18, 48))
    pick, alu, carry, inmode = (bench.stimulus(width) for width in (7, 2, 1, 5))
    rounding = "48'hd2f" if w == "rnd" else c
    first = f"1'b{int(regs['BREG'] == 2)}, 3'b111, 1'b{int(regs['AREG'] == 2)}"  # of two registers
    bench.body.append(
        f"wire [29:0] a_{n} = {{{{6{{{a}[23]}}}}, {a}}}; wire [26:0] d_{n} = {{{{3{{{d}[23]}}}}, {d}}};\n"
        f"wire [47:0] c_{n} = {rounding};\n"
        f"wire [1:0] x_{n} = {pick}[1:0];\n"
        f"wire [1:0] y_{n} = x_{n} == 1 ? 1 : {pick}[3:2] == 1 ? 3 : {pick}[3:2];\n"
        f"wire [2:0] z_{n} = {pick}[6:4] == 4 ? 2 : {pick}[6:4] == 7 ? 3 : {pick}[6:4];\n"
        f"wire [4:0] in_{n} = {inmode} & {{{first}}};\n"
        f"wire [6:0] op_{n} = {{z_{n}, y_{n}, x_{n}}};\n"
        f"wire [8:0] wide_{n} = {_wide(w, n)};"
    )
    data = {"a": f"a_{n}", "b": b, "c": f"c_{n}", "d": f"d_{n}"}
    return data, alu, carry, f"op_{n}", f"wide_{n}", f"in_{n}"


def _pair(bench: Bench, module: str, parameters: str, controls: str, data: dict[str, str], out: str) -> None:
    """The second of two slices takes A, B and P from the first; `out` receives both results."""
    shared = (
        f".CLK(clk), .C({data['c']}), .CARRYINSEL(3'b0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0), {controls}"
    )
    bench.body.append(
        f"wire [29:0] {out}_a; wire [17:0] {out}_b; wire [47:0] {out}_p;\n"
        f"{module} #({parameters}) {out}_i ({shared}, .A({data['a']}), .B({data['b']}), .ACIN(30'b0),"
        f" .BCIN(18'b0), .PCIN(48'b0), .P({out}[47:0]), .ACOUT({out}_a), .BCOUT({out}_b),"
        f" .PCOUT({out}_p));\n"
        f'{module} #({parameters}, .A_INPUT("CASCADE"), .B_INPUT("CASCADE")) {out}_j ({shared},'
        f" .A(30'b0), .B(18'b0), .ACIN({out}_a), .BCIN({out}_b), .PCIN({out}_p), .P({out}[95:48]),"
        " .ACOUT(), .BCOUT(), .PCOUT());"
    )


def _wide(w: str, n: int) -> str:
    """DSP48E2's OPMODE where W takes over an operand of DSP48E1's."""
    plain = f"{{2'b00, op_{n}}}"
    if w == "p":
        return f"x_{n} == 2 ? {{2'b01, z_{n}, y_{n}, 2'b00}} : {plain}"
    if w:
        select = "2'b11" if w == "c" else "2'b10"
        return f"y_{n} == 3 ? {{{select}, z_{n}, 2'b00, x_{n}}} : {plain}"
    return plain
