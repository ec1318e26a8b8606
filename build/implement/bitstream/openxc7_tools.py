# SPDX-License-Identifier: Apache-2.0
"""The open tools behind nextpnr-xilinx: from its FASM file to a bitstream with Project X-Ray."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from fpgan.build.implement.route.nextpnr import Router, find_router
from fpgan.hw.driver.bitstream import bit_to_bin
from fpgan.hw.system.children import run
from fpgan.hw.system.environment import variable
from fpgan.hw.system.tools import ToolError, find_tool

PROGRAMS = ("fasm2frames", "xc7frames2bit")
FAMILY = "zynq7"  # folder of Project X-Ray's database
_TIMEOUT = 3600.0


@dataclass(frozen=True)
class Tools:
    """All that makes a bitstream of a netlist; `database` is Project X-Ray's, of the family."""

    router: Router
    fasm2frames: Path
    xc7frames2bit: Path
    database: Path


def find_tools(part: str) -> Tools:
    """The programs on PATH, $CHIPDB and $PRJXRAY_DB_DIR. ToolError, one line with all that is missing."""
    missing, router = list[str](), None
    try:
        router = find_router(part)
    except ToolError as error:
        missing.append(str(error))
    found = {name: find_tool(name) for name in PROGRAMS}
    missing += [f"{name} not found on PATH" for name, path in found.items() if path is None]
    given = variable("PRJXRAY_DB_DIR")
    database = Path(given).absolute() / FAMILY
    described = database / part / "part.yaml"
    if not given:
        missing.append("PRJXRAY_DB_DIR is not set; it names Project X-Ray's database")
    elif not described.is_file():
        missing.append(f"PRJXRAY_DB_DIR={given} has no {described.relative_to(database.parent)}")
    fasm2frames, frames2bit = found.values()
    if missing or router is None or fasm2frames is None or frames2bit is None:
        raise ToolError("; ".join(missing))
    return Tools(router, fasm2frames, frames2bit, database)


def frames_command(program: str, database: str, part: str, fasm: str, frames: str) -> list[str]:
    """FASM file -> configuration frames."""
    return [program, "--part", part, "--db-root", database, fasm, frames]


def bit_command(program: str, database: str, part: str, frames: str, bit: str) -> list[str]:
    """Configuration frames -> bitstream."""
    return [program, "--part_file", f"{database}/{part}/part.yaml", "--part_name", part,
            "--frm_file", frames, "--output_file", bit]  # fmt: skip


def make_bitstream(tools: Tools, part: str, fasm: Path, bit: Path) -> None:
    """Turn a FASM file into `bit`, which is then whole. Raises ToolError."""
    work, database = fasm.parent, str(tools.database)
    frames, partial = "design.frames", bit.with_name(f"{bit.name}.part")
    command = frames_command(str(tools.fasm2frames), database, part, fasm.name, frames)
    run(command, work, work / "fasm2frames.log", "fasm2frames", _TIMEOUT)
    # the names that it is given are in the bitstream's header
    command = bit_command(str(tools.xc7frames2bit), database, part, frames, os.path.relpath(partial, work))
    log = work / "xc7frames2bit.log"
    run(command, work, log, "xc7frames2bit", _TIMEOUT)
    try:
        bit_to_bin(partial.read_bytes())
    except (OSError, ValueError) as error:
        raise ToolError(f"xc7frames2bit left no bitstream: {error} (log: {log})", command, log) from None
    partial.replace(bit)
