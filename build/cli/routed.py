# SPDX-License-Identifier: Apache-2.0
"""What place and route found, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
