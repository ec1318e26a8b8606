# SPDX-License-Identifier: Apache-2.0
"""A routed clock for a Zynq-7000 without vendor tools: of the board design that a bitstream is made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.implement.host_options import host_options
from fpgan.build.implement.route.netlist import NETLIST, TOP, write_netlist
from fpgan.build.implement.route.nextpnr import HOW, SEEDS, find_router
from fpgan.build.implement.route.seeds import NoRoomError, Routed, Run, Tried, route_over_seeds
from fpgan.build.implement.route.sites import sites_needed
from fpgan.hw.boards import Board, get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.files import make_folder, working_in
from fpgan.hw.system.tools import ToolError

BUS = "axil"  # that a clock is measured with


def check(design: Design, board: Board) -> None:
    """Raise ValueError in one line for a board or a design that the open tools do not take."""
    if board.family != "xc7" or not board.part.startswith("xc7z"):
        raise ValueError(
            f"{board.name}: the open tools have no data of {board.part}; use --tool vivado, or a board with "
            "a Zynq-7000"
        )
    if design.pumped:
        raise ValueError(
            f"{design.root}: double-pumped cores need a second clock, which this board design has not; "
            "run fpgan build --cores lut,dsp"
        )


def route(
    design: Design, progress: Callable[[str], None] | None = None, seeds: int = SEEDS
) -> dict[str, dict[str, Any]]:
    """Place and route `design` behind its registers with every seed; entries of synth.json: `timing` of the
    fastest and `routed`.

    {"timing": {"missing"}}, one line, where nextpnr-xilinx or its chip database ($CHIPDB: the file, or the
    folder with PART.bin) is not there. Leaves BUILD/pnr. Raises ToolError where the part has no room or no
    seed routes.
    """
    say, work = progress or (lambda _: None), design.root / "pnr"
    try:
        router = find_router(design.part)
    except ToolError as error:
        return {"timing": {"missing": f"no routed clock: {error}"}}
    shutil.rmtree(work, ignore_errors=True)
    project = work / "project"
    make_folder(project)
    board = get_board(design.board)
    with working_in(work):
        host = emit_host(design, project / "host", host_options(design, board, BUS))
        write_netlist(design, host, project, work, say)
    netlist = project / NETLIST
    needed = check_room(netlist, board)
    job = Run(router, netlist, work, design.clock_mhz, design.name, assembled=False)
    return routed_figures(route_over_seeds(job, seeds, say), needed, board, "the whole board design: ")


def check_room(netlist: Path, board: Board) -> int:
    """LUT6 sites that the netlist needs. NoRoomError, before the router runs, where the board has fewer."""
    needed = sites_needed(netlist, TOP)
    if needed > board.LUT:
        raise NoRoomError(
            f"no room: packed for nextpnr-xilinx the design needs {needed:,} LUT6 sites, {board.name} has "
            f"{board.LUT:,}"
        )
    return needed


def routed_figures(routed: Routed, needed: int, board: Board, before: str) -> dict[str, dict[str, Any]]:
    """`timing` and `routed` of synth.json; before: what stands before the words on how the clock was had."""
    sites = {"used": routed.sites, "needed": needed, "available": board.LUT}
    entry: dict[str, Any] = {
        "seed": routed.best.seed,
        "cells": {kind: {"used": used, "available": there} for kind, (used, there) in routed.used.items()},
        "lut_sites": sites,
        "seeds": [_attempt(tried) for tried in routed.tried],
    }
    if routed.path:
        entry["path"] = {**vars(routed.path), "nets": list(routed.path.nets)}
    how = f"{before}{HOW.format(seed=routed.best.seed)}"
    return {"timing": {"routed_mhz": routed.mhz, "how": how}, "routed": entry}


def _attempt(tried: Tried) -> dict[str, Any]:
    result = {"mhz": tried.mhz} if tried.mhz else {"failed": tried.failed}
    return {"seed": tried.seed, **result, "seconds": tried.seconds}
