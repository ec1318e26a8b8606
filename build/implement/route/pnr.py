# SPDX-License-Identifier: Apache-2.0
"""A routed clock for a Zynq-7000 without vendor tools: of the board design that a bitstream is made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from fpgan.build.implement.host_options import host_options
from fpgan.build.implement.route.netlist import NETLIST, write_netlist
from fpgan.build.implement.route.nextpnr import HOW, find_router, route_over_seeds
from fpgan.hw.boards import Board, get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.files import make_folder, working_in
from fpgan.hw.system.tools import ToolError

BUS = "axil"  # what zynq7_top connects


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


def route(design: Design, progress: Callable[[str], None] | None = None) -> dict[str, str | float]:
    """Place and route `design` behind its registers; returns {"routed_mhz", "how"} for synth.json.

    {"missing"}, one line, where nextpnr-xilinx or its chip database ($CHIPDB: the file, or the folder with
    PART.bin) is not there. Leaves BUILD/pnr. Raises ToolError where no seed routes.
    """
    say, work = progress or (lambda _: None), design.root / "pnr"
    try:
        router = find_router(design.part)
    except ToolError as error:
        return {"missing": f"no routed clock: {error}"}
    shutil.rmtree(work, ignore_errors=True)
    project = work / "project"
    make_folder(project)
    options = host_options(design, get_board(design.board), BUS)
    with working_in(work):
        host = emit_host(design, project / "host", options)
        write_netlist(design, host, project, work, say)
    mhz = design.clock_mhz
    routed = route_over_seeds(
        router, project / NETLIST, work, mhz, design.name, say, until=mhz, assembled=False
    )
    return {"routed_mhz": routed.mhz, "how": f"the whole board design: {HOW.format(seed=routed.seed)}"}
