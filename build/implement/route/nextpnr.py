# SPDX-License-Identifier: Apache-2.0
"""nextpnr-xilinx: where it and its chip database are, and the command that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.system.environment import variable
from fpgan.hw.system.tools import ToolError, find_tool

PROGRAM = "nextpnr-xilinx"
HOW = (
    "nextpnr-xilinx, placed and routed, seed {seed}; no sign-off: it leaves out the delays of block RAM, "
    "DSP, LUT RAM and shift registers, and clock skew, so figures on such paths are up to 25 % too high"
)
SEEDS = 3  # tried where nothing else is asked for
# By its default the placer pulls the ends of long paths together too little. In the netlist, for no option of
# the program sets it.
SETTINGS = {"placerHeap/timingWeight": "60"}
TIMEOUT = 3600.0  # seconds for one try: the router can hang


@dataclass(frozen=True)
class Router:
    """nextpnr-xilinx and the chip database of a part."""

    program: Path
    database: Path


def find_router(part: str) -> Router:
    """The program on PATH and $CHIPDB: the database, or the folder with PART.bin, with or without its speed.

    ToolError, one line, for what is missing.
    """
    program = find_tool(PROGRAM)
    if program is None:
        raise ToolError(f"{PROGRAM} not found on PATH; see github.com/openXC7", [PROGRAM])
    given = variable("CHIPDB")
    if not given:
        raise ToolError(f"CHIPDB is not set; it names {PROGRAM}'s chip database, or its folder")
    path = Path(given).absolute()
    found = [path] if path.is_file() else [p for name in chip_files(part) if (p := path / name).is_file()]
    if not found:
        raise ToolError(f"CHIPDB={given} has no {chip_files(part)[0]}")
    return Router(program, found[0])


def chip_files(part: str) -> tuple[str, str]:
    """Names of a part's chip database: as one says the part, and without its speed as openXC7's makefile."""
    return f"{part}.bin", f"{part.rpartition('-')[0]}.bin"


def command(program: str, database: str, netlist: str, seed: str, mhz: float, fasm: str = "") -> list[str]:
    """The command that places and routes `netlist`, into `fasm`; it fails where the clock is not met."""
    return [program, "--chipdb", database, "--json", netlist, "--freq", f"{mhz:g}", "--seed", seed,
            *(["--fasm", fasm] if fasm else [])]  # fmt: skip
