# SPDX-License-Identifier: Apache-2.0
"""The clock that was estimated, and what place and route found, in lines for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fpgan.build.implement.synth.said import YOSYS_AGAINST_VIVADO, how_far_off


def clock_lines(timing: Mapping[str, Any]) -> list[str]:
    """`timing` of a synth.json: the clock at this utilization, in a near-empty chip, and how far off."""
    lines = []
    if "near_empty_ns" in timing:
        lines.append(
            f"estimated clock: {1000 / timing['estimated_ns']:.0f} MHz at this utilization, "
            f"{1000 / timing['near_empty_ns']:.0f} MHz in a near-empty chip; {how_far_off(timing)}"
        )
    if "routed_mhz" in timing:
        lines.append(f"routed clock: {timing['routed_mhz']} MHz")
    return [*lines, timing["how"]]


def slower_lines(timing: Mapping[str, Any], asked_mhz: float) -> list[str]:
    """Where the clock that was found, routed or else estimated, is below the one that the build is for."""
    found = timing.get("routed_mhz", 1000 / timing["estimated_ns"] if "estimated_ns" in timing else asked_mhz)
    if found >= asked_mhz:
        return []
    advice = f"fpgan build --clock-mhz {max(1, math.floor(found))} folds for it"
    return [f"slower than the {asked_mhz:g} MHz that the build is for; {advice}"]


def counted_lines(tool: str) -> list[str]:
    """What LUTs counted by Yosys are beside the vendor's."""
    return [YOSYS_AGAINST_VIVADO] if tool == "yosys" else []


def routed_lines(result: Mapping[str, Any]) -> list[str]:
    """Of a synth.json: LUT6 sites, every seed, the slowest path; nothing where nothing was routed."""
    routed = result.get("routed")
    if routed is None:
        return []
    sites, path = routed["lut_sites"], routed.get("path")
    seeds = ", ".join(f"{tried['seed']}: {_outcome(tried)}" for tried in routed["seeds"])
    lines = [
        f"LUT6 sites: {sites['used']:,} of {sites['available']:,} "
        f"({sites['used'] / sites['available']:.0%}); seeds {seeds}"
    ]
    if path:
        start = path["nets"][0] if path["nets"] else "?"
        lines.append(
            f"slowest path: {path['ns']:g} ns, {path['wire_ns']:g} of them wires, {path['levels']} levels, "
            f"{start} -> {path['end']}"
        )
    return lines


def _outcome(tried: Mapping[str, Any]) -> str:
    return f"{tried['mhz']:g} MHz" if "mhz" in tried else tried["failed"]
