# SPDX-License-Identifier: Apache-2.0
"""synth.json: what a tool counted and timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.boards import RESOURCES
from fpgan.hw.build_files import NAME
from fpgan.hw.report_file import Amounts
from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Each, Number, OneOf, Whole

_COUNT = Whole()
_BY_KIND = Each(OneOf(RESOURCES), _COUNT)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Resources as they are counted in a netlist."""

    LUT: int = said("LUT sites: logic, LUTRAM and SRL", "LUT", stable=True, within=_COUNT)
    FF: int = said("flip-flops and latches", "FF", stable=True, within=_COUNT)
    CARRY: int = said("blocks of the carry chain; a CARRY8 is two", "4 bits", stable=True, within=_COUNT)
    DSP: int = said("DSP slices", "DSP48", stable=True, within=_COUNT)
    BRAM18: int = said("halves of a block RAM", "18 Kb", stable=True, within=_COUNT)
    URAM: int = said("UltraRAMs", "288 Kb", stable=True, within=_COUNT)
    LUTRAM: int = said("of the LUTs, those that are memory", "LUT", stable=True, within=_COUNT)
    SRL: int = said("of the LUTs, those that are shift registers", "LUT", stable=True, within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A path that may be the longest, by what its wires take."""

    cells_ns: float = said("that its cells take", "ns")
    wires: int = said("between them", within=_COUNT)
    doublings: float = said("of the wires' loads: the sum of log2 of each one's")
    levels: int = said("LUTs and carry chains on it", within=_COUNT)
    start: str = said("net that it starts at")
    end: str = said("net that it ends at")


@dataclass(frozen=True, kw_only=True)
class LongestPath:
    """From register to register, by the static estimate, in a chip that holds little else."""

    ns: float = said("delay", "ns")
    levels: int = said("LUTs and carry chains on it", within=_COUNT)
    start: str = said("net that it starts at")
    end: str = said("net that it ends at")
    paths: Sequence[Candidate] = said("that may be the longest elsewhere")


@dataclass(frozen=True, kw_only=True)
class Fanout:
    """Of the net with the most loads, clocks not counted."""

    loads: int = said("pins that it drives", within=_COUNT)
    net: str = said("its name; empty where there is none")


@dataclass(frozen=True, kw_only=True)
class _Named:
    name: str = said("as in report.json", stable=True, within=NAME)


@dataclass(frozen=True, kw_only=True)
class SynthLayer(Counted, _Named):
    """A layer; a tool that routes the whole board adds `board`, for all around them."""

    seconds: float = said("that its synthesis took (Yosys)", "s", may_lack=True)
    timing: LongestPath = said("its longest path (Yosys)", may_lack=True)
    fanout: Fanout = said("its largest fan-out (Yosys)", may_lack=True)
    cells: dict[str, int] = said("instances by primitive (Yosys)", may_lack=True)


@dataclass(frozen=True, kw_only=True)
class SynthTiming:
    """The clock; estimated, routed or both."""

    estimated_ns: float = said("longest path of the unplaced netlist in a chip that is as full", "ns",
                               stable=True, within=Number(), may_lack=True)  # fmt: skip
    near_empty_ns: float = said("the same in a chip that holds little else", "ns", stable=True,
                                within=Number(), may_lack=True)  # fmt: skip
    median_error: float = said("of such estimates, as a share of the clock that was routed; missing where no "
                               "design of the family was routed", stable=True, may_lack=True)  # fmt: skip
    worst_error: float = said("the same of the worst", stable=True, may_lack=True)
    layer: str = said("that the path is in; board: around the layers", may_lack=True)
    levels: int = said("LUTs and carry chains on it", within=_COUNT, may_lack=True)
    path: str = said("from net -> to net", may_lack=True)
    how: str = said("how the figures were had", stable=True)
    routed_mhz: float = said("clock that was met, placed and routed", "MHz", stable=True, within=Number(),
                             may_lack=True)  # fmt: skip
    board_mhz: float = said("clock that the processor system gives", "MHz", within=Number(), may_lack=True)
    missing: str = said("why nothing was routed, though it was asked for", may_lack=True)


@dataclass(frozen=True, kw_only=True)
class VendorPower:
    """Vivado's report_power of the whole device."""

    total_W: float = said("in all", "W")
    dynamic_W: float = said("that toggling takes", "W")
    static_W: float = said("that the device takes at rest", "W")
    how: str = said("tool, and where the activity is from")


@dataclass(frozen=True, kw_only=True)
class RoutedCells:
    """Of one kind, by the router's own count."""

    used: int = said("by the design", within=_COUNT)
    available: int = said("on the part", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class LutSites:
    """Sites of a LUT6, of which each holds one LUT with 6 inputs or two that share 5."""

    used: int = said("by the routed design", within=_COUNT)
    needed: int = said("by the netlist, counted as the router packs it", within=_COUNT)
    available: int = said("on the board", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class RoutedPath:
    """The slowest path from register to register, in names of the sources."""

    ns: float = said("delay", "ns")
    wire_ns: float = said("of it in wires", "ns")
    levels: int = said("LUTs and carry chains on it", within=_COUNT)
    nets: Sequence[str] = said("from the register that it starts at on")
    end: str = said("register that it ends at")


@dataclass(frozen=True, kw_only=True)
class SeedTried:
    """One run of the router."""

    seed: int = said("of the placement", within=_COUNT)
    mhz: float = said("clock that was met", "MHz", may_lack=True)
    failed: str = said("why it was not routed", may_lack=True)
    seconds: float = said("that it took", "s")


@dataclass(frozen=True, kw_only=True)
class Routed:
    """What nextpnr-xilinx says of a whole board design."""

    seed: int = said("of the placement that was taken", within=_COUNT)
    cells: dict[str, RoutedCells] = said("by the router's names of kinds; SLICE_LUTX are two to a LUT6 site")
    lut_sites: LutSites = said("of LUT6 sites")
    path: RoutedPath = said("the slowest one, where the router reports it", may_lack=True)
    seeds: Sequence[SeedTried] = said("all that were tried")


@dataclass(frozen=True, kw_only=True)
class Synth:
    """BUILD/synth.json, by `fpgan synth`, and by `fpgan bitstream` where a tool measured more."""

    tool: str = said("yosys, vivado or openxc7", stable=True)
    part: str = said("the vendor's name of the part", stable=True)
    layers: Sequence[SynthLayer] = said("in the order of the graph", stable=True)
    totals: Counted = said("their sums", stable=True)
    budget: Amounts = said("what the board has", stable=True)
    utilization: dict[str, float] = said("totals / budget, of what the board has any", stable=True,
                                         within=Each(OneOf(RESOURCES), float))  # fmt: skip
    estimates: dict[str, int] = said("report.json's totals; {} without one", within=_BY_KIND)
    timing: SynthTiming = said("the clock", stable=True)
    power: VendorPower = said("where Vivado has routed the board design", may_lack=True)
    routed: Routed = said("where nextpnr-xilinx has routed the board design", may_lack=True)
