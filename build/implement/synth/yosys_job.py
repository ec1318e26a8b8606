# SPDX-License-Identifier: Apache-2.0
"""One synthesis in its own process: python yosys_job.py JOB.json (see `Job`)."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth import carry_operands
from fpgan.build.implement.synth.fanout import split

_HERE = Path(__file__).parent
_REPEATED = ("mvu_lut_pe",)  # modules of which a layer has many equal instances
_ONE_LEVEL = 8  # address bits of what four LUT6 and their MUXF7 and MUXF8 hold
_MUX2 = f"8'{0xCA:08b}"  # INIT of a LUT3: I2 chooses between I0 and I1
_MUX4 = f"64'{0xFF00F0F0CCCCAAAA:064b}"  # INIT of a LUT6: I5 and I4 choose one of I0 to I3


@dataclass(frozen=True)
class Job:
    """What to synthesize; sources are relative to the working directory, the results are absolute paths."""

    top: str
    sources: list[str]
    family: str  # "xcup" or "xc7"
    stat: str  # cell counts, written as JSON
    netlist: str  # mapped netlist, written as JSON
    verilog: str  # the same as Verilog that instantiates primitives
    parameters: dict[str, int]  # overrides of the top module's parameters

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def run_job(job: Job) -> None:
    """Map `job.top` to Xilinx primitives with Yosys; leaves the cell counts and the netlist behind.

    DSP slices are only those that the sources instantiate (-nodsp): Yosys' inferred ones do not hold their
    pipeline registers, and were wrong in gate-level simulation for 7-series.
    Memories are only the arrays with a ram_style attribute: taken for a memory, a delay line would end in
    flip-flops and multiplexers instead of shift register sites.
    """
    from pyosys import libyosys as ys

    design = ys.Design()

    def do(command: str, *words: str | Path) -> None:
        call(ys, design, [*command.split(), *words])

    overrides = [word for name, value in job.parameters.items() for word in ("-G", f"{name}={value}")]
    do(
        "read_slang --keep-hierarchy --ignore-assertions --allow-use-before-declare --no-implicit-memories",
        "--top", job.top, *overrides, _HERE / "blackbox.v", *job.sources,
    )  # fmt: skip
    do("hierarchy -top", job.top)
    for module in _REPEATED:
        _share(design, ys, module)
    do("hierarchy -check")
    do("proc")
    do("flatten")
    # A register that the sources keep apart, or out of shift register sites: its cells, not its wire, say so.
    do("setattr -set keep 1 a:keep a:shreg_extract=no %u %ci:+[Q] t:$*dff* %i")
    do("techmap -map", _HERE / "bmux.v")
    do("opt_clean")
    do("memory_collect")
    _roms_to_luts(design, ys)
    mapping = ("-family", job.family, "-top", job.top, "-flatten", "-noiopad", "-noclkbuf", "-nodsp")
    if _has_memory(design):
        do("synth_xilinx", *mapping, "-run", "begin:fine")
    else:  # reading the shapes of block RAM is most of the time of a small module
        do("synth_xilinx", *mapping, "-run", "begin:map_memory")
        do("synth_xilinx", *mapping, "-run", "map_ffram:fine")
    carry_operands.order(design, ys)
    do("synth_xilinx", *mapping, "-run", "fine:")
    do("setattr -mod -unset keep_hierarchy *")
    do("setattr -mod -unset blackbox =A:fpgan_rom")
    do("flatten")
    do("opt_clean")
    do("delete t:$scopeinfo")
    do("write_json", job.netlist)
    if _split_nets(job):
        do("design -reset")
        do("read_json", job.netlist)
        do("hierarchy -top", job.top)
    do("tee -q -o", job.stat, "stat", "-json")
    do("opt_clean -purge")  # drops the names that only the timing report uses
    do("splitnets")  # a vector with a bit that depends on another one would be a loop to a simulator
    do("write_verilog -noattr", job.verilog)


def _split_nets(job: Job) -> int:
    """Copy the drivers of nets with too many loads in the netlist; returns how many copies that takes."""
    path = Path(job.netlist)
    netlist = json.loads(path.read_text(encoding="utf-8"))
    copies = split(netlist["modules"][job.top])
    if copies:
        path.write_text(json.dumps(netlist), encoding="utf-8")
    return copies


def call(ys: Any, design: Any, words: Sequence[str | Path]) -> None:
    """One command of Yosys, its words as they are: paths may hold spaces, and letters of any encoding."""
    ys.Pass.call(design, [os.fsencode(word) for word in words])


def _has_memory(design: Any) -> bool:
    return any(
        cell.type.str() == "$mem_v2" for module in design.modules_.values() for cell in module.cells_.values()
    )


def _share(design: Any, ys: Any, name: str) -> None:
    """Let every instance of a repeated module be of the first one's, which is mapped once, on its own.

    slang makes a module of each instance; within a layer all have the same parameters. With constant
    weights they stay apart: their logic shrinks around them.
    """
    modules = [module for module in design.modules_.values() if module.name.str().startswith(f"\\{name}$")]
    cells = [
        cell
        for module in design.modules_.values()
        for cell in module.cells_.values()
        if cell.type in [m.name for m in modules]
    ]
    if len(modules) < 2 or _has_constant_memory(design, ys):
        return
    for cell in cells:
        cell.type = modules[0].name
    modules[0].set_bool_attribute(ys.IdString("\\keep_hierarchy"))


def _has_constant_memory(design: Any, ys: Any) -> bool:
    constant = ys.IdString("\\fpgan_constant")
    return any(
        memory.has_attribute(constant)
        for module in design.modules_.values()
        for memory in module.memories.values()
    )


def _roms_to_luts(design: Any, ys: Any) -> None:
    """Make each bit of a memory without write port and of ram_style "distributed" a LUT of its address.

    Yosys has no LUT RAM without a write port and stops at the attribute; left to it as logic, the word-wide
    multiplexers that a ROM becomes take it minutes where it is wide. Up to 8 words stay logic: there
    many bits are equal, or simple. With "auto", so are up to 256 words, the most that a slice reads in one
    level: as logic they take Yosys three or four.
    Its module is of primitives alone, and a black box until the rest is mapped: seen by every pass, the tens
    of thousands of LUTs of a wide and deep ROM would take Yosys minutes and gigabytes.
    """

    def identifier(name: str) -> Any:
        return ys.IdString(f"\\{name}")

    module = design.top_module()
    for cell in list(module.cells_.values()):
        if cell.type.str() != "$mem_v2" or cell.getParam(identifier("WR_PORTS")).as_int() != 0:
            continue
        if cell.has_attribute(identifier("fpgan_constant")):
            cell.set_string_attribute(identifier("ram_style"), "logic")
            continue
        style = cell.get_string_attribute(identifier("ram_style"))
        ports, width, inputs = (
            cell.getParam(identifier(name)).as_int() for name in ("RD_PORTS", "WIDTH", "ABITS")
        )
        if style != "distributed" and not (style == "auto" and 3 < inputs <= _ONE_LEVEL):
            continue
        if inputs <= 3:
            cell.set_string_attribute(identifier("ram_style"), "logic")
            continue
        if ports != 1 or cell.getParam(identifier("RD_CLK_ENABLE")).as_int() != 0:
            raise ValueError(f"memory {cell.name.str()}: one read port without a register is expected")
        bits = cell.getParam(identifier("INIT")).as_string()[::-1].replace("x", "0")
        bits = bits.ljust(width << inputs, "0")
        name = module.uniquify(identifier("rom"))
        tables = [bits[bit : width << inputs : width] for bit in range(width)]
        with tempfile.NamedTemporaryFile("w", suffix=".il", encoding="utf-8") as text:
            text.write(_rom_module(name.str(), inputs, tables))
            text.flush()
            call(ys, design, ["read_rtlil", text.name])
        rom = module.addCell(name, name)
        rom.setPort(identifier("A"), cell.getPort(identifier("RD_ADDR")))
        rom.setPort(identifier("Y"), cell.getPort(identifier("RD_DATA")))
        module.remove(cell)


def _rom_module(name: str, inputs: int, tables: list[str]) -> str:
    """RTLIL of a module Y[i] = tables[i][A], of a slice's primitives: LUTs, MUXF7, MUXF8; LUTs beyond.

    It is a black box to Yosys, which maps it no further, until its attribute is unset.
    """
    lines = ["attribute \\blackbox 1", "attribute \\fpgan_rom 1", f"module {name}"]
    lines += [f"wire width {inputs} input 1 \\A", f"wire width {len(tables)} output 2 \\Y"]

    def cell(kind: str, pins: dict[str, str], init: str = "") -> None:
        lines.append(f"cell {kind} $c{len(lines)}")
        lines.extend([f"parameter \\INIT {init}"] if init else [])
        lines.extend(f"connect \\{pin} {signal}" for pin, signal in pins.items())
        lines.append("end")

    def function(table: str, target: str) -> None:
        if len(set(table)) == 1:  # such as the words that fill the memory up to a power of 2
            lines.append(f"connect {target} 1'{table[0]}")
            return
        depth = (len(table) - 1).bit_length()
        if depth <= 6:
            pins = {f"I{i}": f"\\A [{i}]" for i in range(depth)}
            cell(f"\\LUT{depth}", pins | {"O": target}, f"{len(table)}'{table[::-1]}")
            return
        ways = 4 if depth > _ONE_LEVEL and depth % 2 == _ONE_LEVEL % 2 else 2
        share = len(table) // ways
        parts = [f"$w{len(lines)}_{way}" for way in range(ways)]
        for way, part in enumerate(parts):
            lines.append(f"wire {part}")
            function(table[way * share : (way + 1) * share], part)
        data = {f"I{way}": part for way, part in enumerate(parts)}
        select = f"\\A [{depth - 1}]"
        if ways == 4:
            cell("\\LUT6", data | {"I4": f"\\A [{depth - 2}]", "I5": select, "O": target}, _MUX4)
        elif depth > _ONE_LEVEL:
            cell("\\LUT3", data | {"I2": select, "O": target}, _MUX2)
        else:
            cell(f"\\MUXF{depth}", data | {"S": select, "O": target})

    for i, table in enumerate(tables):
        function(table, f"\\Y [{i}]")
    return "\n".join([*lines, "end", ""])


if __name__ == "__main__":
    run_job(Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
