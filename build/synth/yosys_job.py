# SPDX-License-Identifier: Apache-2.0
"""One synthesis in its own process: python yosys_job.py JOB.json (see `Job`)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


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
        path.write_text(json.dumps(asdict(self), indent=1))


def run_job(job: Job) -> None:
    """Map `job.top` to Xilinx primitives with Yosys; leaves the cell counts and the netlist behind.

    DSP slices are only those that the sources instantiate (-nodsp): Yosys' inferred ones do not hold their
    pipeline registers, and were wrong in gate-level simulation for 7-series.
    Memories are only the arrays with a ram_style attribute: taken for a memory, a delay line would end in
    flip-flops and multiplexers instead of shift register sites.
    """
    from pyosys import libyosys as ys

    design = ys.Design()

    def do(command: str) -> None:
        ys.run_pass(command, design)

    overrides = " ".join(f"-G {name}={value}" for name, value in job.parameters.items())
    synth = f"synth_xilinx -family {job.family} -flatten -noiopad -noclkbuf -nodsp -top {job.top} -run"
    do(
        f"read_slang --ignore-assertions --allow-use-before-declare --no-implicit-memories --top {job.top} "
        f"{overrides} {_HERE / 'blackbox.v'} {' '.join(job.sources)}"
    )
    do(f"hierarchy -top {job.top}")
    do("proc; flatten")
    do(f"techmap -map {_HERE / 'bmux.v'}")
    do(f"{synth} begin:map_memory")
    _keep_small_roms_in_logic(design, ys)
    do(f"{synth} map_memory:")
    do("delete t:$scopeinfo")
    do(f"tee -q -o {job.stat} stat -json")
    do(f"write_json {job.netlist}")
    do("opt_clean -purge")  # drops the names that only the timing report uses
    do("splitnets")  # a vector with a bit that depends on another one would be a loop to a simulator
    do(f"write_verilog -noattr {job.verilog}")


def _keep_small_roms_in_logic(design: Any, ys: Any) -> None:
    """ram_style "distributed" on a memory without write port means LUTs used as logic.

    Yosys takes the attribute literally, has no LUT RAM without a write port and stops.
    """
    style, ports = ys.IdString("\\ram_style"), ys.IdString("\\WR_PORTS")
    for cell in design.top_module().cells_.values():
        if cell.type.str() != "$mem_v2" or cell.getParam(ports).as_int() != 0:
            continue
        if cell.get_string_attribute(style) == "distributed":
            cell.set_string_attribute(style, "logic")


if __name__ == "__main__":
    run_job(Job(**json.loads(Path(sys.argv[1]).read_text())))
