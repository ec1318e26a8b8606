# SPDX-License-Identifier: Apache-2.0
"""What nextpnr-xilinx prints: how far a run is, cells, the clock, its slowest path, why it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fpgan.hw.system.tools import ToolError

PACKING, PLACING, PREPARING, ROUTING, WRITING = (
    "packing", "placing", "preparing to route", "routing", "writing",
)  # fmt: skip
_BEGINS = {
    PLACING: "Creating initial analytic placement",
    PREPARING: "Setting up routing resources",
    ROUTING: "Running main router loop",
    WRITING: "Router1 time",
}
_HALF_LUT = "SLICE_LUTX"  # what the router calls it; there are two to a LUT6 site

_UNPLACED = re.compile(r"no Bels remaining of type '(\w+)'")
_UNSPREAD = re.compile(r"Failed to expand region .* of (\d+) (\w+)s\b")
_UNLEGAL = "Unable to find legal placement for all cells"
# what it adds to names: its copies of nets and cells, and what Yosys' autoname appends to a net's name
_ADDED = re.compile(r"\$(legal|LUT|split|feed|PACKED|copy\d+)\b.*$|_FD[RSCP]E_Q(_\d+)?$")


@dataclass(frozen=True)
class Path:
    """The slowest path of a clock: ns in all and of wires, LUTs and carry chains on it, its nets from the
    register on that it starts at, and the register that it ends at."""

    ns: float
    wire_ns: float
    levels: int
    nets: tuple[str, ...]
    end: str


def stage(log: str) -> str:
    """What a run is at, or ended in."""
    return next((name for name in reversed(_BEGINS) if _BEGINS[name] in log), PACKING)


def progress(log: str) -> str:
    """What a run is at, how far it is, and the share of half-LUTs in use."""
    now = stage(log)
    steps = re.findall(r"at iteration #(\d+)", log) if now == PLACING else []
    rounds = re.findall(r"iter=(\d+) wires=\d+ overused=(\d+)", log) if now == ROUTING else []
    far = [f"iteration {steps[-1]}"] if steps else []
    far += [f"iteration {rounds[-1][0]}, {rounds[-1][1]} wires wanted twice"] if rounds else []
    used, there = utilization(log).get(_HALF_LUT, (0, 0))
    return ", ".join([now, *far, *([f"{used / there:.0%} of the half-LUTs"] if there else [])])


def routed_mhz(log: str) -> float:
    """Clock in MHz of the last timing report, of its slowest clock. ToolError where there is none."""
    reports = re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", log)
    if not reports:
        raise ToolError("nextpnr-xilinx reported no frequency")
    return min(dict((clock, float(mhz)) for clock, mhz in reports).values())


def slowest_path(log: str) -> Path | None:
    """The critical path of the last timing report, in names of the sources; None where there is none."""
    text = log.rpartition("Critical path report for clock")[2].partition("Max frequency")[0]
    ends = re.findall(r"([\d.]+)\s+Setup (\S+)\.\w+$", text, re.MULTILINE)
    wires = re.findall(r"ns logic, ([\d.]+) ns routing", text)
    if not ends or not wires:
        return None
    nets = list(dict.fromkeys(_in_the_sources(net) for net in re.findall(r"\bNet (\S+) budget", text)))
    levels = len(re.findall(r"\bSource \S+$", text, re.MULTILINE)) - 1
    return Path(float(ends[0][0]), float(wires[0]), levels, tuple(nets), _in_the_sources(ends[0][1]))


def _in_the_sources(name: str) -> str:
    return _ADDED.sub("", name)


def utilization(log: str) -> dict[str, tuple[int, int]]:
    """Cells of each kind that are used, and that the part has; no unused kinds."""
    rows = re.findall(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%$", log, re.MULTILINE)
    return {kind: (int(used), int(there)) for kind, used, there in rows if int(used)}


def no_room(log: str) -> str:
    """Why the design does not fit the part, with numbers; empty where that is not what the run ended by."""
    used = utilization(log)
    if found := _UNPLACED.search(log):
        return _too_many(found[1], used.get(found[1], (0, 0)))
    if found := _UNSPREAD.search(log):
        return f"{int(found[1]):,} cells find no place; {_too_many(found[2], used.get(found[2], (0, 0)))}"
    if _UNLEGAL in log:
        return f"cells find no place; {_too_many(_HALF_LUT, used.get(_HALF_LUT, (0, 0)))}"
    return ""


def _too_many(kind: str, numbers: tuple[int, int]) -> str:
    used, there = numbers
    what = "half-LUTs (SLICE_LUTX, two to a LUT6)" if kind == _HALF_LUT else f"cells of type {kind}"
    return f"the design has {used:,} {what}, the part {there:,}"


def reason(log: str) -> str:
    """The line that says why a run ended; empty where it does not say."""
    found = re.findall(r"^ERROR: (.+)$|^(terminate called .+)$|^\s*what\(\):\s*(.+)$|^(Assertion .+)$", log,
                       re.MULTILINE)  # fmt: skip
    lines = [next(filter(None, groups)) for groups in found]
    return "; ".join(lines[:2])


def of_every_seed(log: str) -> bool:
    """Whether a run that failed for a reason that it says would do so with any seed: only places and routes
    are chosen by it."""
    return bool(reason(log)) and stage(log) in (PACKING, WRITING)
