# SPDX-License-Identifier: Apache-2.0
"""Our models of Xilinx primitives against Yosys' cell library and, in FINN's core, against numpy."""

from __future__ import annotations

import random
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import cells, rtl_file
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError, find_tool, verilator_env
from fpgan.sim.benches.mvu_bench import MvuCase, check_mvu
from fpgan.sim.benches.runner import run_cocotb

pytestmark = pytest.mark.verilator

# primitive: INIT parameters with their bits; outputs; inputs; clock
Cell = tuple[str, str, str, str]
_LETTERS4, _LETTERS8 = "ABCD", "ABCDEFGH"


def lut_ram(letters: str, width: int, address: int) -> Cell:
    def each(name: str, bits: int) -> str:
        return " ".join(f"{name}{letter}:{bits}" for letter in letters)

    return each("INIT_", 64), each("DO", width), f"{each('ADDR', address)} {each('DI', width)} WE", "WCLK"


def bits(name: str, count: int) -> str:
    return " ".join(f"{name}{i}" for i in range(count))


CELLS: dict[str, Cell] = {
    **{f"LUT{n}": (f"INIT:{2**n}", "O", bits("I", n), "") for n in range(1, 7)},
    "LUT6_2": ("INIT:64", "O6 O5", bits("I", 6), ""),
    "INV": ("", "O", "I", ""),
    **{f"MUXF{n}": ("", "O", "I0 I1 S", "") for n in (7, 8, 9)},
    "CARRY4": ("", "CO:4 O:4", "CI CYINIT DI:4 S:4", ""),
    "CARRY8": ("", "CO:8 O:8", "CI CI_TOP DI:8 S:8", ""),
    "FDRE": ("INIT:1 IS_D_INVERTED:1 IS_R_INVERTED:1", "Q", "CE D R", "C"),
    "FDSE": ("INIT:1 IS_D_INVERTED:1 IS_S_INVERTED:1", "Q", "CE D S", "C"),
    "FDCE": ("INIT:1 IS_D_INVERTED:1 IS_CLR_INVERTED:1", "Q", "CE D CLR", "C"),
    "FDPE": ("INIT:1 IS_D_INVERTED:1 IS_PRE_INVERTED:1", "Q", "CE D PRE", "C"),
    "RAM32X1S": ("INIT:32", "O", f"{bits('A', 5)} D WE", "WCLK"),
    "RAM64X1S": ("INIT:64", "O", f"{bits('A', 6)} D WE", "WCLK"),
    "RAM128X1S": ("INIT:128", "O", f"{bits('A', 7)} D WE", "WCLK"),
    "RAM256X1S": ("INIT:256", "O", "A:8 D WE", "WCLK"),
    "RAM512X1S": ("INIT:512", "O", "A:9 D WE", "WCLK"),
    "RAM32X1D": ("INIT:32", "DPO SPO", f"{bits('A', 5)} {bits('DPRA', 5)} D WE", "WCLK"),
    "RAM64X1D": ("INIT:64", "DPO SPO", f"{bits('A', 6)} {bits('DPRA', 6)} D WE", "WCLK"),
    "RAM128X1D": ("INIT:128", "DPO SPO", "A:7 DPRA:7 D WE", "WCLK"),
    "RAM256X1D": ("INIT:256", "DPO SPO", "A:8 DPRA:8 D WE", "WCLK"),
    "RAM32M": lut_ram(_LETTERS4, 2, 5),
    "RAM64M": lut_ram(_LETTERS4, 1, 6),
    "RAM32M16": lut_ram(_LETTERS8, 2, 5),
    "RAM64M8": lut_ram(_LETTERS8, 1, 6),
    "SRL16E": ("INIT:16", "Q", f"{bits('A', 4)} CE D", "CLK"),
    "SRLC32E": ("INIT:32", "Q Q31", "A:5 CE D", "CLK"),
}

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


def reference(folder: Path) -> Path:
    """Yosys' simulation library under other names."""
    # found, not imported: in one process its library and matplotlib's do not bear each other
    found = find_spec("pyosys")
    assert found and found.submodule_search_locations
    text = (Path(found.submodule_search_locations[0]) / "share/xilinx/cells_sim.v").read_text()
    path = folder / "reference.v"
    path.write_text(re.sub(r"^module (\w+)", r"module ref_\1", text, flags=re.M) + RAM)
    return path


class Bench:
    """SystemVerilog that feeds random bits to a model and its reference and compares all outputs."""

    def __init__(self) -> None:
        self.random, self.body, self.count = random.Random(1), list[str](), 0

    def source(self) -> str:
        body = "\n".join(self.body)
        return (
            f"module bench (input clk, output logic [{self.count - 1}:0] errors = '0);\n{body}\nendmodule\n"
        )

    def stimulus(self, width: int) -> str:
        """A register that is random in every cycle."""
        name = f"r{len(self.body)}"
        parts = ", ".join(["$urandom"] * (width // 32 + 1))
        self.body.append(
            f"logic [{width - 1}:0] {name} = '0; always @(posedge clk) {name} <= {width}'({{{parts}}});"
        )
        return name

    def chance(self, percent: int) -> str:
        """A register that is 1 with this chance."""
        name = f"r{len(self.body)}"
        self.body.append(f"logic {name} = 0; always @(posedge clk) {name} <= $urandom % 100 < {percent};")
        return name

    def compare(self, width: int) -> tuple[str, str]:
        """Two vectors that must be equal at every clock, after one to start."""
        n, a, b = self.count, f"a{self.count}", f"b{self.count}"
        self.body.append(
            f"wire [{width - 1}:0] {a}, {b}; always @(posedge clk) if ({a} != {b}) errors[{n}] <= 1'b1;"
        )
        self.count += 1
        return a, b

    def cell(self, name: str) -> None:
        parameters, outputs, inputs, clock = (fields(text) for text in CELLS[name])
        given = ", ".join(
            f".{p}({width}'h{self.random.getrandbits(width):x})" for p, width in parameters.items()
        )
        a, b = self.compare(sum(outputs.values()))
        pins = {pin: self.stimulus(width) for pin, width in inputs.items()} | {c: "clk" for c in clock}
        for module, out in ((name, a), (f"ref_{name}", b)):
            at, wired = 0, dict(pins)
            for pin, width in outputs.items():
                wired[pin], at = f"{out}[{at}+:{width}]", at + width
            text = ", ".join(f".{pin}({net})" for pin, net in wired.items())
            self.body.append(
                f"{module} #({given}) {out}_i ({text});" if given else f"{module} {out}_i ({text});"
            )

    def dsp(self, registers: tuple[int, ...], adder: bool, w: str) -> None:
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
        data, alu, carry, opmode, wide, inmode = self._dsp_stimuli(regs, w)
        enables = ", ".join(f".CE{enable}({self.chance(80)})" for enable in _ENABLES)
        resets = {reset: self.chance(3) for reset in _RESETS}
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
        (a, reference), (b, same) = self.compare(96), self.compare(96)
        self.body.append(f"assign {same} = {reference};")
        self._dsp_pair("DSP48E1", e1, straight, data, a)
        self._dsp_pair("ref_DSP48E1", e1, straight, data, reference)
        self._dsp_pair("DSP48E2", e2, crossed, data, b)

    def _dsp_stimuli(self, regs: dict[str, int], w: str) -> tuple[dict[str, str], str, str, str, str, str]:
        """Data and what is selected: only what exists; A and D of 24 bits fit every multiplier."""
        n = len(self.body)
        a, d, b, c = (self.stimulus(width) for width in (24, 24, 18, 48))
        pick, alu, carry, inmode = (self.stimulus(width) for width in (7, 2, 1, 5))
        rounding = "48'hd2f" if w == "rnd" else c
        first = f"1'b{int(regs['BREG'] == 2)}, 3'b111, 1'b{int(regs['AREG'] == 2)}"  # of two registers
        self.body.append(
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

    def _dsp_pair(self, module: str, parameters: str, controls: str, data: dict[str, str], out: str) -> None:
        """The second of two slices takes A, B and P from the first; `out` receives both results."""
        shared = (
            f".CLK(clk), .C({data['c']}), .CARRYINSEL(3'b0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),"
            f" {controls}"
        )
        self.body.append(
            f"wire [29:0] {out}_a; wire [17:0] {out}_b; wire [47:0] {out}_p;\n"
            f"{module} #({parameters}) {out}_i ({shared}, .A({data['a']}), .B({data['b']}), .ACIN(30'b0),"
            f" .BCIN(18'b0), .PCIN(48'b0), .P({out}[47:0]), .ACOUT({out}_a), .BCOUT({out}_b),"
            f" .PCOUT({out}_p));\n"
            f'{module} #({parameters}, .A_INPUT("CASCADE"), .B_INPUT("CASCADE")) {out}_j ({shared},'
            f" .A(30'b0), .B(18'b0), .ACIN({out}_a), .BCIN({out}_b), .PCIN({out}_p), .P({out}[95:48]),"
            " .ACOUT(), .BCOUT(), .PCOUT());"
        )

    def ram(self, module: str, mode: str, priority: str) -> None:
        """Both ports write, never one word together; the second may read what the first writes."""
        n = len(self.body)
        a, b = self.compare(36)
        low, high = self.stimulus(10), self.stimulus(10)
        we, d = self.stimulus(4), self.stimulus(36)
        en, rst, regrst, regce = (
            f"{{{self.chance(percent)}, {self.chance(percent)}}}" for percent in (80, 10, 10, 70)
        )
        meet = f"{we}[3:2] == 0" if mode == "READ_FIRST" else "1'b0"
        self.body.append(
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
        self.body.append(f"{module} #({', '.join(parameters)}) {a}_i ({', '.join(pins)});")


def _wide(w: str, n: int) -> str:
    """DSP48E2's OPMODE where W takes over an operand of DSP48E1's."""
    plain = f"{{2'b00, op_{n}}}"
    if w == "p":
        return f"x_{n} == 2 ? {{2'b01, z_{n}, y_{n}, 2'b00}} : {plain}"
    if w:
        select = "2'b11" if w == "c" else "2'b10"
        return f"y_{n} == 3 ? {{{select}, z_{n}, 2'b00, x_{n}}} : {plain}"
    return plain


def fields(text: str) -> dict[str, int]:
    """'A:4 B' -> {"A": 4, "B": 1}"""
    return {name: int(width or 1) for name, _, width in (part.partition(":") for part in text.split())}


def check(bench: Bench, sources: list[Path], folder: Path, cycles: int = 3000) -> None:
    wrapper = folder / "bench.sv"
    wrapper.write_text(bench.source())
    run_cocotb(
        "bench", [*sources, wrapper], "fpgan.sim.benches.tb_selfcheck", folder / "build",
        plusargs=[f"+cycles={cycles}"], warnings=False,
    )  # fmt: skip


def whole_bench() -> Bench:
    bench = Bench()
    for name in CELLS:
        for _ in range(2):
            bench.cell(name)
    for case in DSPS:
        bench.dsp(*case)
    for ram in RAMS:
        bench.ram(*ram)
    return bench


def test_equal_to_yosys_cell_library(tmp_path: Path) -> None:
    """All are equal but one, whose reference has two inputs crossed: the comparison can fail."""
    bench = whole_bench()
    crossed = bench.count
    a, b = bench.compare(1)
    pins = [bench.stimulus(1) for _ in range(3)]
    for module, order, out in (("LUT3", pins, a), ("ref_LUT3", [pins[1], pins[0], pins[2]], b)):
        inputs = ", ".join(f".I{i}({pin})" for i, pin in enumerate(order))
        bench.body.append(f"{module} #(.INIT(8'h2a)) {out}_i ({inputs}, .O({out}));")
    with pytest.raises(AssertionError, match=rf"wrong: \[{crossed}\]"):
        check(bench, [*cells(), reference(tmp_path)], tmp_path)


# PE, SIMD, weight bits, activation bits, signed activations, narrow weights
MVUS = [
    (4, 2, 4, 4, False, True), (3, 3, 4, 4, True, True), (1, 5, 3, 2, True, True), (9, 1, 2, 2, False, True),
    (2, 2, 6, 8, True, True), (4, 2, 4, 4, False, False), (1, 2, 8, 8, True, False),
]  # fmt: skip
_NO_PORTS = (
    "CARRYOUT", "CARRYCASCOUT", "MULTSIGNOUT", "OVERFLOW", "PATTERNDETECT", "PATTERNBDETECT", "UNDERFLOW",
    "XOROUT",
)  # fmt: skip


@pytest.mark.parametrize("version", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_finn_mvu_of_primitives(tmp_path: Path, version: int) -> None:
    """FINN's core with the DSP slices and LUTs that it instantiates for synthesis, against numpy."""
    import finn

    library = Path(next(iter(finn.__path__))) / "finn-rtllib/mvu"
    package, mvu = copy_finn_sources([library / "mvu_pkg.sv", library / "mvu.sv"], tmp_path)
    text = (tmp_path / mvu).read_text()
    assert text.count("def VERILATOR") == 3  # where it turns to behavioural code
    text = text.replace("def VERILATOR", "def FPGAN_BEHAVIOURAL")
    text = re.sub(rf"\.({'|'.join(_NO_PORTS)})\(\),", "", text)
    (tmp_path / mvu).write_text(text)
    cases = [
        MvuCase(*shape, latency=4 + (shape[1] - 1).bit_length() + (shape[1] == 1))
        for shape in MVUS
        if shape[5] or version == 2  # DSP48E1 takes narrow weights only
    ]
    sources = [*cells(), tmp_path / package, rtl_file("add_multi.sv"), tmp_path / mvu]
    check_mvu(
        "mvu", sources, cases, tmp_path / "build", f", .VERSION({version})", pauses=False, warnings=False
    )


REFUSED = [
    ('DSP48E2 #(.USE_SIMD("TWO24")) x ();', "DSP48E2: SIMD, .* are not modelled"),
    ('DSP48E1 #(.USE_PATTERN_DETECT("PATDET")) x ();', "DSP48E1: .*pattern detection.* not modelled"),
    ("DSP48E1 #(.AREG(1), .ACASCREG(0)) x ();", "AREG=1, ACASCREG=0.* do not exist"),
    ("wire [3:0] c; DSP48E2 x (.CARRYOUT(c));", "CARRYOUT"),
    ('RAMB36E1 #(.READ_WIDTH_A(1), .RAM_EXTENSION_A("LOWER")) x ();', "cascades.* not modelled"),
    ('RAMB36E2 #(.READ_WIDTH_A(36), .EN_ECC_READ("TRUE")) x ();', "ECC.* not modelled"),
    ("RAMB18E2 #(.READ_WIDTH_A(9), .IS_CLKARDCLK_INVERTED(1)) x ();", "inverted pins are not modelled"),
    ("RAMB18E2 #(.READ_WIDTH_A(4), .WRITE_WIDTH_B(18)) x ();", "widths 4, 0, 0 and 18 are not modelled"),
    ('URAM288 #(.OREG_A("TRUE")) x ();', "URAM288: .*registers.* not modelled"),
    ("SRL16E #(.IS_CLK_INVERTED(1)) x ();", "inverted clock is not modelled"),
    ("LDCE x ();", "LDCE"),
]


@pytest.mark.parametrize("instance,message", REFUSED)
def test_what_is_not_modelled_does_not_compile(tmp_path: Path, instance: str, message: str) -> None:
    (tmp_path / "top.sv").write_text(f"module top; {instance} endmodule\n")
    command = [
        str(find_tool("verilator")), "--lint-only", "-Wno-lint", "-Wno-style", "-Werror-USERERROR",
        "--top-module", "top", *map(str, cells()), "top.sv",
    ]  # fmt: skip
    log = tmp_path / "lint.log"
    with pytest.raises(ToolError):
        run(command, tmp_path, log, "lint", env=verilator_env())
    assert re.search(f"%Error.*{message}", log.read_text())


@pytest.mark.slow
def test_what_is_not_modelled_stops_the_run(tmp_path: Path) -> None:
    """DSP48E2's logic modes are selected while it runs."""
    bench = Bench()
    bench.body.append(
        "logic [7:0] n = 0; always @(posedge clk) n <= n + 1;\n"
        "DSP48E2 #(.ALUMODEREG(0), .CARRYINSELREG(0)) x (.CLK(clk), .ALUMODE(n == 9 ? 4'b1100 : 4'b0),"
        " .CARRYINSEL(3'b0), .OPMODE(9'b0), .INMODE(5'b0));"
    )
    bench.count = 1
    with pytest.raises((ToolError, AssertionError)):
        check(bench, cells(), tmp_path, cycles=100)
    assert "ALUMODE=1100" in (tmp_path / "build/run.log").read_text()
