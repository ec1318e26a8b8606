# SPDX-License-Identifier: Apache-2.0
"""nextpnr-xilinx: where it and its chip database are, its runs over seeds, and what its log says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.system.children import run
from fpgan.hw.system.environment import variable
from fpgan.hw.system.tools import ToolError, find_tool

PROGRAM = "nextpnr-xilinx"
HOW = (
    "nextpnr-xilinx, placed and routed, seed {seed}; no sign-off: it leaves out the delays of block RAM, "
    "DSP, LUT RAM and shift registers, and clock skew, so figures on such paths are up to 25 % too high"
)
SEEDS = (1, 2, 3)
TIMEOUT = 3600.0  # seconds for one try: the router can hang
_UNPLACED = re.compile(r"no Bels remaining of type '(\w+)'")


@dataclass(frozen=True)
class Router:
    """nextpnr-xilinx and the chip database of a part."""

    program: Path
    database: Path


@dataclass(frozen=True)
class Routed:
    """A routed design: its slowest clock in MHz, the seed, its FASM file where one was asked for, cells used
    and there by kind."""

    mhz: float
    seed: int
    fasm: Path
    used: dict[str, tuple[int, int]]


class NoRoomError(ToolError):
    """The part has too few of something; no seed helps."""


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


def route_over_seeds(
    router: Router,
    netlist: Path,
    work: Path,
    mhz: float,
    what: str,
    progress: Callable[[str], None],
    until: float = 0.0,
    assembled: bool = True,
) -> Routed:
    """Place and route with one seed after the other until a clock of `until` MHz is reached; the fastest.

    Leaves seedN.log and, where it is to be assembled, seedN.fasm in `work`. Raises ToolError in one line
    where no seed routes.
    """
    routed = list[Routed]()
    failure = ToolError("no seed was tried")
    for seed in SEEDS:
        progress(f"placing and routing, seed {seed}")
        fasm, log = work / f"seed{seed}.fasm", work / f"seed{seed}.log"
        into = str(fasm) if assembled else ""
        tried = command(str(router.program), str(router.database), str(netlist), str(seed), mhz, into)
        try:
            text = run([*tried, "--timing-allow-fail"], work, log, f"{PROGRAM} on {what}", TIMEOUT)
        except ToolError as error:
            failure = _explained(error, log)
            continue
        routed.append(Routed(routed_mhz(text), seed, fasm, utilization(text)))
        if routed[-1].mhz >= until:
            break
    if not routed:
        raise ToolError(f"no seed of {SEEDS} routes: {failure}", failure.command, failure.log)
    return max(routed, key=lambda result: result.mhz)


def _explained(error: ToolError, log: Path) -> ToolError:
    """The error with the reason that the log gives; raises NoRoomError for that reason."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    full = _UNPLACED.search(text)
    if full:
        used, there = utilization(text).get(full[1], (0, 0))
        reason = f"no room: {used} cells of type {full[1]}, the part has {there} (log: {log})"
        raise NoRoomError(reason, error.command, log) from None
    reasons = re.findall(r"^ERROR: (.+)$", text, re.MULTILINE)
    return ToolError(f"{error}: {reasons[0]}" if reasons else str(error), error.command, log)


def routed_mhz(log: str) -> float:
    """Highest clock of the last timing report in nextpnr's output, in MHz, of its slowest clock."""
    reports = re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", log)
    if not reports:
        raise ToolError(f"{PROGRAM} reported no frequency")
    return min(dict((clock, float(mhz)) for clock, mhz in reports).values())


def utilization(log: str) -> dict[str, tuple[int, int]]:
    """Cells of each kind that are used, and that the part has, from nextpnr's output; no unused kinds."""
    rows = re.findall(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%$", log, re.MULTILINE)
    return {kind: (int(used), int(there)) for kind, used, there in rows if int(used)}
