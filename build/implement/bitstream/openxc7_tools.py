# SPDX-License-Identifier: Apache-2.0
"""What makes a bitstream without vendor tools: nextpnr-xilinx, Project X-Ray's database, our assembler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpgan.build.implement.route.nextpnr import Router, find_router
from fpgan.build.implement.xc7.assemble import assemble
from fpgan.build.implement.xc7.database import Database, find_database
from fpgan.hw.system.files import write_bytes
from fpgan.hw.system.reading import read_text
from fpgan.hw.system.tools import ToolError

# of build.sh, which runs where fpgan is not: prjxray's own in the place of the assembler
PROGRAMS = ("fasm2frames", "xc7frames2bit")


@dataclass(frozen=True)
class Tools:
    """All that makes a bitstream of a netlist; `database` is Project X-Ray's."""

    router: Router
    database: Database


def find_tools(part: str) -> Tools:
    """The router on PATH, $CHIPDB and $PRJXRAY_DB_DIR. ToolError, one line with all that is missing."""
    missing, router, database = list[str](), None, None
    try:
        router = find_router(part)
    except ToolError as error:
        missing.append(str(error))
    try:
        database = find_database(part)
    except ToolError as error:
        missing.append(str(error))
    if router is None or database is None:
        raise ToolError("; ".join(missing))
    return Tools(router, database)


def make_bitstream(tools: Tools, fasm: Path, bit: Path, design: str) -> None:
    """Turn a FASM file into `bit`, which is then whole; design: its name in the header. Raises ToolError."""
    try:
        write_bytes(bit, assemble(read_text(fasm), tools.database, design))
    except ValueError as error:
        raise ToolError(f"{fasm} is not assembled: {error}") from None


def frames_command(program: str, database: str, part: str, fasm: str, frames: str) -> list[str]:
    """FASM file -> configuration frames."""
    return [program, "--part", part, "--db-root", database, fasm, frames]


def bit_command(program: str, database: str, part: str, frames: str, bit: str) -> list[str]:
    """Configuration frames -> bitstream."""
    return [program, "--part_file", f"{database}/{part}/part.yaml", "--part_name", part,
            "--frm_file", frames, "--output_file", bit]  # fmt: skip
