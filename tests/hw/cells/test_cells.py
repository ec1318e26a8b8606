# SPDX-License-Identifier: Apache-2.0
"""Our models of Xilinx primitives against Yosys' cell library; what is not modelled is refused."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from compared_cells import Bench, check
from compared_dsps import DSPS, add_dsp
from compared_rams import RAM, RAMS, add_ram

from fpgan.hw.sources import cells
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError, find_tool, verilator_env

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


def reference(folder: Path) -> Path:
    """Yosys' simulation library under other names."""
    # found, not imported: in one process its library and matplotlib's do not bear each other
    found = find_spec("pyosys")
    assert found and found.submodule_search_locations
    text = (Path(found.submodule_search_locations[0]) / "share/xilinx/cells_sim.v").read_text()
    path = folder / "reference.v"
    path.write_text(re.sub(r"^module (\w+)", r"module ref_\1", text, flags=re.M) + RAM)
    return path


def fields(text: str) -> dict[str, int]:
    """'A:4 B' -> {"A": 4, "B": 1}"""
    return {name: int(width or 1) for name, _, width in (part.partition(":") for part in text.split())}


def add_cell(bench: Bench, name: str) -> None:
    parameters, outputs, inputs, clock = (fields(text) for text in CELLS[name])
    given = ", ".join(
        f".{p}({width}'h{bench.random.getrandbits(width):x})" for p, width in parameters.items()
    )
    a, b = bench.compare(sum(outputs.values()))
    pins = {pin: bench.stimulus(width) for pin, width in inputs.items()} | {c: "clk" for c in clock}
    for module, out in ((name, a), (f"ref_{name}", b)):
        at, wired = 0, dict(pins)
        for pin, width in outputs.items():
            wired[pin], at = f"{out}[{at}+:{width}]", at + width
        text = ", ".join(f".{pin}({net})" for pin, net in wired.items())
        bench.body.append(
            f"{module} #({given}) {out}_i ({text});" if given else f"{module} {out}_i ({text});"
        )


def whole_bench() -> Bench:
    bench = Bench()
    for name in CELLS:
        for _ in range(2):
            add_cell(bench, name)
    for case in DSPS:
        add_dsp(bench, *case)
    for ram in RAMS:
        add_ram(bench, *ram)
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
