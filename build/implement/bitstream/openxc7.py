# SPDX-License-Identifier: Apache-2.0
"""A board design for 7-series without vendor tools: Yosys, nextpnr-xilinx and Project X-Ray ("openXC7").

The processor system, its port and the clock are hw/rtl/host/zynq7_top.sv; the design has no pins, so that no
constraints but the clock's frequency are needed.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.build.implement.bitstream.openxc7_tools import (
    PROGRAMS,
    bit_command,
    find_tools,
    frames_command,
    make_bitstream,
)
from fpgan.build.implement.route import nextpnr
from fpgan.build.implement.route.netlist import NETLIST, write_netlist
from fpgan.build.implement.route.nextpnr import SEEDS
from fpgan.build.implement.route.pnr import BUS, check, check_room, routed_figures
from fpgan.build.implement.route.seeds import Run, UnsupportedError, route_over_seeds
from fpgan.build.implement.xc7.database import FAMILY
from fpgan.hw.boards import Board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.system.tools import ToolError

BUSES = (BUS, "axi")

_SCRIPT = "build.sh"


def implement(
    build: Path, board: Board, work: Path, progress: Callable[[str], None], seeds: int = SEEDS
) -> Implemented:
    """Write work/project and run the tools where they are installed. See `Implemented`.

    Where no seed meets the build's clock, the bitstream is for the fastest clock that one did. Raises
    ValueError for a board or a design that the open tools do not take, ToolError where one fails or the
    design does not fit: with the build to make instead.
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
        needed = check_room(netlist, board)
        job = Run(tools.router, netlist, work, mhz, design.name)
        routed = route_over_seeds(job, seeds, progress, until=mhz)
    except UnsupportedError:
        raise
    except ToolError as error:
        raise ToolError(f"{error}; for less logic run {_smaller(design)}", error.command, error.log) from None
    progress("assembling the bitstream")
    make_bitstream(tools, routed.fasm, bit, design.name)
    figures = {"layers": layers, **routed_figures(routed, needed, board, "openxc7: ")}
    return Implemented(bit=bit, figures=figures, clock_mhz=min(mhz, routed.mhz))


def _smaller(design: Design) -> str:
    """The build with the next smaller fold: half the images per second, as one layer's PE or SIMD halves."""
    rate = design.clock_mhz * 1e6 / design.report["cycles_per_image"] / 2
    model, out = shlex.quote(f"{design.name}.onnx"), shlex.quote(str(design.root))
    return (
        f"`fpgan build {model} --board {design.board} --clock-mhz {design.clock_mhz:g} "
        f"--target-fps {int(rate)} --out {out}`"
    )


def write_script(project: Path, part: str, mhz: float) -> None:
    """project/build.sh, which makes ../fpgan.bit of project/netlist.json where the tools are."""
    of_speed, of_part = nextpnr.chip_files(part)
    database = f"$PRJXRAY_DB_DIR/{FAMILY}"
    seeds = " ".join(map(str, range(1, SEEDS + 1)))
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
