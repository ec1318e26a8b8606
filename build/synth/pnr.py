# SPDX-License-Identifier: Apache-2.0
"""A routed clock for 7-series designs without vendor tools: nextpnr-xilinx on the layers' netlists.

The accelerator's streams do not reach pins: they are fed from one pin through a shift register and folded
into another, so that nothing is optimized away and the design places as it would inside a system.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.synth.yosys import netlists
from fpgan.hw.design import Design
from fpgan.hw.tools import ToolError, find_tool, run, variable

HOW = (
    "nextpnr-xilinx, placed and routed, seed {seed}; no sign-off: it leaves out the delays of block RAM, "
    "DSP, LUT RAM and shift registers, and clock skew, so figures on such paths are up to 25 % too high"
)
_TOP = "fpgan_pnr"
_SEEDS = (1, 2, 3)
_TIMEOUT = 3600.0  # seconds for one try: the router can hang
_HERE = Path(__file__).parent
# part without package speed -> pins of clock, input, output
_PINS = {"xc7z020clg400": ("H16", "D19", "R14")}


def route(design: Design, jobs: int = 2, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Place and route `design`; returns {"routed_mhz", "how"} for synth.json.

    Raises ToolError in one line where the family or part is none that nextpnr-xilinx takes here, where it or
    its chip database ($CHIPDB: the file, or the folder with PART.bin) is missing, or where no seed routes.
    """
    say = progress or (lambda _: None)
    part = design.part.rpartition("-")[0]
    if part not in _PINS:
        raise ToolError(
            f"--pnr: {design.part} is not supported; nextpnr-xilinx is set up for {', '.join(_PINS)}"
        )
    if design.pumped:
        raise ToolError("--pnr: double-pumped cores need a second clock; build with --cores lut,dsp")
    program, database = find_tool("nextpnr-xilinx"), _database(design.part)
    if program is None:
        raise ToolError("--pnr: nextpnr-xilinx not found on PATH; see github.com/openXC7", ["nextpnr-xilinx"])
    work = design.root / "pnr"
    work.mkdir(exist_ok=True)
    netlist, pins = work / "design.json", work / "pins.xdc"
    pins.write_text(_constraints(part))
    say("joining the layers")
    _join(design, netlists(design, jobs, progress), netlist, work)
    for seed in _SEEDS:
        say(f"placing and routing, seed {seed}")
        command = [
            str(program), "--chipdb", str(database), "--xdc", str(pins), "--json", str(netlist),
            "--freq", f"{design.clock_mhz:g}", "--seed", str(seed), "--timing-allow-fail",
            "--fasm", str(work / "design.fasm"),
        ]  # fmt: skip
        try:
            log = run(command, work, work / f"seed{seed}.log", f"nextpnr-xilinx on {design.name}", _TIMEOUT)
        except ToolError as error:
            failure = error
            continue
        return {"routed_mhz": routed_mhz(log), "how": HOW.format(seed=seed)}
    raise ToolError(f"no seed of {_SEEDS} routes: {failure}", failure.command, failure.log)


def routed_mhz(log: str) -> float:
    """Highest clock of the last timing report in nextpnr's output, in MHz, of its slowest clock."""
    reports = re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", log)
    if not reports:
        raise ToolError("nextpnr-xilinx reported no frequency")
    return min(dict((clock, float(mhz)) for clock, mhz in reports).values())


def _database(part: str) -> Path:
    given = variable("CHIPDB")
    if not given:
        raise ToolError("--pnr: CHIPDB is not set; it names nextpnr-xilinx's chip database, or its folder")
    path = Path(given)
    names = (part, part.rpartition("-")[0])
    found = [path] if path.is_file() else [p for p in (path / f"{name}.bin" for name in names) if p.is_file()]
    if not found:
        raise ToolError(f"--pnr: CHIPDB={given} has no {names[0]}.bin")
    return found[0]


def _constraints(part: str) -> str:
    lines = []
    for port, pin in zip(("clk", "d", "q"), _PINS[part], strict=True):
        lines += [
            f"set_property LOC {pin} [get_ports {port}]",
            f"set_property IOSTANDARD LVCMOS33 [get_ports {port}]",
        ]
    return "\n".join([*lines, ""])


def _join(design: Design, layers: list[Path], netlist: Path, work: Path) -> None:
    """One flat netlist of the whole accelerator between two pins."""
    wrapper, script = work / f"{_TOP}.sv", work / "join.ys"
    wrapper.write_text(_wrapper(design))
    script.write_text(
        f"read_verilog -lib {_HERE / 'blackbox.v'}\n"
        f"read_verilog {' '.join(str(path) for path in layers)}\n"
        f"read_verilog -sv {design.rtl / design.top}.sv {wrapper}\n"
        # nextpnr-xilinx has no cascade output of shift register sites
        f"synth_xilinx -family {design.family} -flatten -nodsp -nosrl -top {_TOP}\n"
        f"delete t:$scopeinfo\nwrite_json {netlist}\n"
    )
    code = "import sys; from pyosys import libyosys as y; y.run_pass('script ' + sys.argv[1], y.Design())"
    run(
        [sys.executable, "-c", code, str(script)], work, work / "join.log", f"joining {design.name}", _TIMEOUT
    )


def _wrapper(design: Design) -> str:
    given, taken = design.input.tdata_bits, design.output.tdata_bits
    return f"""module {_TOP} (input logic clk, input logic d, output logic q);
  logic [{given + 2}:0] feed;
  logic [{taken - 1}:0] data, data_q;
  logic valid, ready, valid_q, ready_q;
  always_ff @(posedge clk) begin
    feed <= {{feed[{given + 1}:0], d}};
    data_q <= data;
    valid_q <= valid;
    ready_q <= ready;
    q <= ^{{data_q, valid_q, ready_q}};
  end
  {design.top} dut (
      .ap_clk(clk), .ap_rst_n(feed[{given + 2}]),
      .s_axis_0_tdata(feed[{given - 1}:0]), .s_axis_0_tvalid(feed[{given}]), .s_axis_0_tready(ready),
      .m_axis_0_tdata(data), .m_axis_0_tvalid(valid), .m_axis_0_tready(feed[{given + 1}]));
endmodule
"""
