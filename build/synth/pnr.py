# SPDX-License-Identifier: Apache-2.0
"""A routed clock for 7-series designs without vendor tools: nextpnr-xilinx on the layers' netlists.

The accelerator's streams do not reach pins: they are fed from one pin through a shift register and folded
into another, so that nothing is optimized away and the design places as it would inside a system.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.synth.nextpnr import HOW, TIMEOUT, find_router, route_over_seeds
from fpgan.build.synth.yosys import netlists
from fpgan.hw.design import Design
from fpgan.hw.tools import ToolError, run

_TOP = "fpgan_pnr"
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
    router, work = find_router(design.part), design.root / "pnr"
    work.mkdir(exist_ok=True)
    netlist, pins = work / "design.json", work / "pins.xdc"
    pins.write_text(_constraints(part))
    say("joining the layers")
    _join(design, netlists(design, jobs, progress), netlist, work)
    routed = route_over_seeds(
        router, netlist, work, design.clock_mhz, design.name, say, options=["--xdc", str(pins)]
    )
    return {"routed_mhz": routed.mhz, "how": HOW.format(seed=routed.seed)}


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
    run([sys.executable, "-c", code, str(script)], work, work / "join.log", f"joining {design.name}", TIMEOUT)


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
