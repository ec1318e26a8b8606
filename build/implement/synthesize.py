# SPDX-License-Identifier: Apache-2.0
"""Resources and clock of a BUILD, by Yosys or Vivado, routed where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpgan.build.implement.route.nextpnr import SEEDS
from fpgan.build.implement.route.pnr import check, route
from fpgan.build.implement.synth import cells, vivado, yosys
from fpgan.build.implement.synth.clock import estimate_clock
from fpgan.build.implement.synth.yosys import Progress
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.synth_file import Synth
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_json


def synth(
    build: Path,
    tool: str = "yosys",
    jobs: int = 2,
    progress: Progress | None = None,
    pnr: bool = False,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """Resources of a build against its board, written to BUILD/synth.json and returned.

    `tool`: "yosys" (layer by layer, `jobs` at a time, summed; leaves BUILD/netlist/MODULE.v) or "vivado" (out
    of context, where installed). pnr: also place and route with nextpnr-xilinx, for its clock (Zynq-7000),
    once for each of `seeds`, as many at a time as there are cores; where it is not installed, `missing` of
    `timing` says so.
    Raises ValueError for an unknown tool, no jobs or seeds, a folder that is no build, or pnr of what is not
    routed, ToolError where a tool fails.
    """
    design = Design.load(build)
    design.require_rtl("synthesis")
    if jobs < 1:
        raise ValueError(f"jobs={jobs}: must be at least 1")
    if seeds < 1:
        raise ValueError(f"seeds={seeds}: must be at least 1")
    if pnr:
        _check_routable(design, tool)
    routed: dict[str, dict[str, Any]] = {}
    if tool == "yosys":
        layers = yosys.synth_layers(design, jobs, progress)
        timed = estimate_clock(layers, design.family, get_board(design.board).LUT)
        if pnr:
            routed = route(design, progress, seeds)
            timed = {**timed, **routed.pop("timing")}
    elif tool == "vivado":
        layers, timed = vivado.synthesize(design)
    else:
        raise ValueError(f"tool {tool!r} is not known; choose yosys or vivado")
    result = {**summarize(design, tool, layers, timed), **routed}
    write_result(design, result)
    return result


def _check_routable(design: Design, tool: str) -> None:
    if tool != "yosys":
        raise ValueError(f"--pnr goes with --tool yosys; {tool} routes by itself")
    check(design, get_board(design.board))


def write_result(design: Design, result: dict[str, Any]) -> None:
    """BUILD/synth.json, whole or as it was."""
    write_json(design.root / "synth.json", as_written(Synth, result))


def summarize(
    design: Design, tool: str, layers: list[dict[str, Any]], timed: dict[str, Any]
) -> dict[str, Any]:
    """synth.json: the layers, their sums, the board, and what the build itself had estimated."""
    totals = cells.total(layers)
    budget = get_board(design.board).budget
    return {
        "tool": tool,
        "part": design.part,
        "layers": layers,
        "totals": totals,
        "budget": budget,
        "utilization": cells.utilization(totals, budget),
        "estimates": _estimates(design),
        "timing": timed,
    }


def _estimates(design: Design) -> dict[str, Any]:
    if not (design.root / "report.json").exists():
        return {}
    return dict(design.report.get("totals") or {})
