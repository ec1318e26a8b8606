# SPDX-License-Identifier: Apache-2.0
"""Resources and routed timing with Vivado, out of context, where it is installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth.cells import COLUMNS
from fpgan.hw.design import Design
from fpgan.hw.system.children import run
from fpgan.hw.system.files import make_folder, write_text
from fpgan.hw.system.tools import ToolError, find_tool

_TIMEOUT = 6 * 3600.0
_CLOCKS = "clocks.xdc"

# column of `report_utilization -hierarchical` -> columns of synth.json with the units that one stands for
_HIERARCHICAL = {
    "Total LUTs": (("LUT", 1),),
    "LUTRAMs": (("LUTRAM", 1),),
    "SRLs": (("SRL", 1),),
    "FFs": (("FF", 1),),
    "RAMB36": (("BRAM18", 2),),
    "RAMB18": (("BRAM18", 1),),
    "URAM": (("URAM", 1),),
    "DSP Blocks": (("DSP", 1),),
    "DSP48 Blocks": (("DSP", 1),),
}


def synthesize(design: Design) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Place and route the stitched design out of context; returns (layers, timing) of synth.json.

    Raises ToolError in one line where Vivado is not on PATH or fails.
    """
    vivado = find_tool("vivado")
    if vivado is None:
        raise ToolError(
            "vivado not found on PATH; install AMD Vivado (its free edition has this part) and source its "
            "settings64.sh, or use --tool yosys",
            ["vivado"],
        )
    work = design.root / "vivado"
    make_folder(work)
    script = work / "ooc.tcl"
    write_text(work / _CLOCKS, clocks_xdc(design))
    write_text(script, ooc_tcl(design, work))
    command = [str(vivado), "-mode", "batch", "-nojournal", "-notrace", "-source", str(script)]
    run(command, design.rtl, work / "vivado.log", f"Vivado on {design.name}", _TIMEOUT)
    layers = parse_hierarchy(read_report(work / "utilization.rpt"), {x.module: x.name for x in design.layers})
    missing = [layer.name for layer in design.layers if layer.name not in {entry["name"] for entry in layers}]
    if missing:
        raise ToolError(f"Vivado's report lacks layer {missing[0]} (see {work / 'utilization.rpt'})")
    return layers, parse_timing(read_report(work / "timing.rpt"), design)


def read_report(path: Path) -> str:
    """What Vivado wrote. ToolError where it did not."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise ToolError(f"Vivado left no {path}") from None


def ooc_tcl(design: Design, work: Path) -> str:
    """The script: read, synthesize out of context keeping the layers apart, place, route, report."""
    reads = "\n".join(
        f"read_verilog{' -sv' if path.suffix == '.sv' else ''} {tcl_word(path)}" for path in design.sources
    )
    return f"""# Out-of-context implementation; run in BUILD/rtl to find data files.
set_part {design.part}
{reads}
read_xdc {tcl_word(work / _CLOCKS)}
synth_design -top {design.top} -part {design.part} -mode out_of_context -flatten_hierarchy rebuilt
opt_design
place_design
phys_opt_design
route_design
report_utilization -hierarchical -hierarchical_depth 2 -file {tcl_word(work / "utilization.rpt")}
report_timing_summary -delay_type max -max_paths 5 -file {tcl_word(work / "timing.rpt")}
write_checkpoint -force {tcl_word(work / "routed.dcp")}
"""


def tcl_word(path: Path) -> str:
    """A path as one word of a Tcl script, whatever it holds. ValueError for one of several lines."""
    if "\n" in str(path):
        raise ValueError(f"{path}: a name of several lines, which a Tcl script cannot hold; rename it")
    return re.sub(r"([^\w./+:@%=-])", r"\\\1", str(path))


def clocks_xdc(design: Design) -> str:
    """The clocks, which synthesis needs to know too: a period of ap_clk is exactly two of ap_clk2x.

    Rounded apart they would be clocks without a common period, and no path between them could be met.
    """
    period = _period_ps(design)
    lines = [f"create_clock -name ap_clk -period {period / 1000:.3f} [get_ports ap_clk]"]
    if design.pumped:
        lines.append(f"create_clock -name ap_clk2x -period {period / 2000:.3f} [get_ports ap_clk2x]")
    return "\n".join([*lines, ""])


def _period_ps(design: Design) -> int:
    """Of ap_clk, in whole picoseconds of each clock, no longer than asked for."""
    halves = 1 + design.pumped
    return int(1e6 / design.clock_mhz / halves + 1e-6) * halves


def parse_hierarchy(report: str, layers: dict[str, str], column: str = "Module") -> list[dict[str, Any]]:
    """Rows of `report_utilization -hierarchical` that `layers` names: what a column holds -> layer name."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in report.splitlines()
        if "|" in line
    ]
    header = next((row for row in rows if row[:2] == ["Instance", "Module"]), None)
    if header is None:
        raise ToolError("Vivado's utilization report has no table of instances")
    entries, key = [], header.index(column)
    for row in rows:
        if len(row) != len(header) or row[key] not in layers:
            continue
        entry: dict[str, Any] = {"name": layers[row[key]], **dict.fromkeys(COLUMNS, 0)}
        for title, value in zip(header, row, strict=True):
            for column, units in _HIERARCHICAL.get(title, ()):
                entry[column] += units * int(value)
        entries.append(entry)
    return entries


def parse_timing(report: str, design: Design) -> dict[str, Any]:
    """Highest clock from the worst setup slack of `report_timing_summary`, in MHz.

    A path of the faster of two clocks has half the period: what it lacks counts twice.
    """
    match = re.search(r"WNS\(ns\).*\n[ \t-]*\n\s*(-?[\d.]+)", report)
    if match is None:
        raise ToolError("Vivado's timing report has no worst slack")
    slack = float(match.group(1))
    period = _period_ps(design) / 1000 - slack * (1 + (design.pumped and slack < 0))
    return {"routed_mhz": round(1000 / period, 1), "how": "Vivado, out of context, placed and routed"}
