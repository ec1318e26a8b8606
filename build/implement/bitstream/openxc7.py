# SPDX-License-Identifier: Apache-2.0
"""A board design for 7-series without vendor tools: Yosys, nextpnr-xilinx and Project X-Ray ("openXC7").

The processor system, its port and the clock are hw/rtl/host/zynq7_top.sv; the design has no pins, so that no
constraints but the clock's frequency are needed.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.build.implement.bitstream.openxc7_tools import (
    FAMILY,
    PROGRAMS,
    bit_command,
    find_tools,
    frames_command,
    make_bitstream,
)
from fpgan.build.implement.route import nextpnr
from fpgan.build.implement.route.netlist import NETLIST, write_netlist
from fpgan.build.implement.route.pnr import BUS, check
from fpgan.hw.boards import Board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.system.tools import ToolError

BUSES = (BUS,)

_SCRIPT = "build.sh"


def implement(build: Path, board: Board, work: Path, progress: Callable[[str], None]) -> Implemented:
    """Write work/project and run the tools where they are installed. See `Implemented`.

    Raises ValueError for a board or a design that the open tools do not take, ToolError where one fails, the
    design does not fit or does not meet its clock: with the build to make instead.
    """
    design, project = Design.load(build), work / "project"
    check(design, board)
    layers = write_netlist(design, Host.load(project / "host"), project, work, progress)
    write_script(project, board.part, design.clock_mhz)
    try:
        tools = find_tools(board.part)
    except ToolError as error:
        return Implemented(missing=f"{error}; where openXC7 is installed, run `sh project/{_SCRIPT}`")
    netlist, bit, mhz = project / NETLIST, work / "fpgan.bit", design.clock_mhz
    try:
        routed = nextpnr.route_over_seeds(tools.router, netlist, work, mhz, design.name, progress, until=mhz)
    except ToolError as error:
        raise ToolError(f"{error}; for less logic run {_smaller(design)}", error.command, error.log) from None
    if routed.mhz < mhz:
        raise _too_slow(design, routed, work)
    progress("assembling the bitstream")
    make_bitstream(tools, board.part, routed.fasm, bit)
    return Implemented(bit=bit, figures=_figures(layers, routed))


def _figures(layers: list[dict[str, Any]], routed: nextpnr.Routed) -> dict[str, Any]:
    timing = {"routed_mhz": routed.mhz, "how": f"openxc7: {nextpnr.HOW.format(seed=routed.seed)}"}
    used = {kind: {"used": used, "available": there} for kind, (used, there) in routed.used.items()}
    return {"layers": layers, "timing": timing, "routed": {"seed": routed.seed, "cells": used}}


def _too_slow(design: Design, routed: nextpnr.Routed, work: Path) -> ToolError:
    slower = _command(design, f"--clock-mhz {int(routed.mhz)}")
    return ToolError(
        f"the clock of {design.clock_mhz:g} MHz is not met, {routed.mhz:g} MHz is the best of seeds "
        f"{', '.join(map(str, nextpnr.SEEDS))}; run {slower}, or for less logic {_smaller(design)}",
        log=work / f"seed{routed.seed}.log",
    )


def _smaller(design: Design) -> str:
    """The build with the next smaller fold: half the images per second, as one layer's PE or SIMD halves."""
    rate = design.clock_mhz * 1e6 / design.report["cycles_per_image"] / 2
    return _command(design, f"--target-fps {int(rate)}")


def _command(design: Design, option: str) -> str:
    clock = "" if option.startswith("--clock") else f" --clock-mhz {design.clock_mhz:g}"
    model, out = shlex.quote(f"{design.name}.onnx"), shlex.quote(str(design.root))
    return f"`fpgan build {model} --board {design.board}{clock} {option} --out {out}`"


def write_script(project: Path, part: str, mhz: float) -> None:
    """project/build.sh, which makes ../fpgan.bit of project/netlist.json where the tools are."""
    of_speed, of_part = nextpnr.chip_files(part)
    database = f"$PRJXRAY_DB_DIR/{FAMILY}"
    seeds = " ".join(map(str, nextpnr.SEEDS))
    route = nextpnr.command(nextpnr.PROGRAM, "$chip", NETLIST, "$seed", mhz, "fpgan.fasm")
    frames = frames_command(PROGRAMS[0], database, part, "fpgan.fasm", "fpgan.frames")
    bit = bit_command(PROGRAMS[1], database, part, "fpgan.frames", "fpgan.bit")
    (project / _SCRIPT).write_text(f"""#!/bin/sh
# Makes ../fpgan.bit of {NETLIST} for {part} at {mhz:g} MHz.
# On PATH: {nextpnr.PROGRAM}, {", ".join(PROGRAMS)}.
# CHIPDB: {nextpnr.PROGRAM}'s chip database or its folder; PRJXRAY_DB_DIR: Project X-Ray's database.
set -e
: "${{CHIPDB:?is not set: it names the chip database or its folder}}"
: "${{PRJXRAY_DB_DIR:?is not set: it names the database of Project X-Ray}}"
CHIPDB=$(realpath "$CHIPDB") PRJXRAY_DB_DIR=$(realpath "$PRJXRAY_DB_DIR")
cd "$(dirname "$0")"
for chip in "$CHIPDB" "$CHIPDB/{of_speed}" "$CHIPDB/{of_part}"; do
  [ ! -f "$chip" ] || break
done
[ -f "$chip" ] || {{ echo "CHIPDB=$CHIPDB has no {of_speed}" >&2; exit 1; }}
routed=
for seed in {seeds}; do
  if timeout {nextpnr.TIMEOUT:.0f} {_quoted(route)} > "seed$seed.log" 2>&1; then
    routed=$seed
    break
  fi
  echo "seed $seed does not route at {mhz:g} MHz: see seed$seed.log" >&2
done
[ -n "$routed" ] || exit 1
{_quoted(frames)}
{_quoted(bit)}
mv fpgan.bit ../fpgan.bit
""")


def _quoted(command: list[str]) -> str:
    """For a shell, variables in it left to expand."""
    return " ".join(f'"{word}"' if "$" in word else word for word in command)
