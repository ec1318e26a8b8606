# SPDX-License-Identifier: Apache-2.0
"""Energies per toggle, clock edge and access of a device family, derived from public power reports."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

KINDS = ("clock", "lut", "net", "bram18", "dsp")
_PER_TOGGLE = ("lut", "net", "dsp")  # the others' energies are per cycle


@dataclass(frozen=True)
class Coefficients:
    """Of one part.

    picojoules: energy by kind; clock: per register and cycle, the clock tree included; lut: per toggle of a
    LUT's output; net: per toggle of a net; bram18: per cycle in which an 18 Kb block RAM is enabled; dsp: per
    cycle in which all of a DSP slice's inputs toggle, in proportion where fewer do. factor: how far the
    reports lie from their mean at most, either way; at least 2. static_watts: of the programmable logic at
    25 C ambient. sources: the reports.
    """

    picojoules: dict[str, float]
    factor: float
    static_watts: float
    sources: tuple[str, ...]


def coefficients(part: str, family: str) -> Coefficients:
    """Those of a part, named as in boards.yaml. ValueError where its static power is not known."""
    facts = _facts()
    volts = facts["volts_of"].get(_device(part), facts["volts"][family])
    energies = {kind: _energies(facts, family, kind, volts) for kind in KINDS}
    means = {kind: math.prod(values) ** (1 / len(values)) for kind, values in energies.items()}
    spread = max(max(v / means[k], means[k] / v) for k, values in energies.items() for v in values)
    used = [r["source"] for r in facts["reports"] if r["family"] in _families(facts, family)]
    return Coefficients(means, max(spread, facts["least_factor"]), _static(facts, part), tuple(used))


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("coefficients.yaml").read_text(encoding="utf-8")
    )
    return facts


def _families(facts: dict[str, Any], family: str) -> set[str]:
    """The family, and those that kinds without a report of it are scaled from."""
    return {family, *(scaled["from"] for scaled in facts["scaled"].get(family, {}).values())}


def _energies(facts: dict[str, Any], family: str, kind: str, volts: float) -> list[float]:
    """One energy per report in pJ, at a core voltage."""
    scaled = facts["scaled"].get(family, {}).get(kind)
    source = scaled["from"] if scaled else family
    share = facts["toggle_rate"] if kind in _PER_TOGGLE else 1.0
    nodes = scaled["nodes"] if scaled else 1.0
    return [
        r["watts"][kind]
        / (r["used"][kind] * r["clock_mhz"] * share)
        * 1e6
        * (volts / r["volts"]) ** 2
        * nodes
        for r in facts["reports"]
        if r["family"] == source and kind in r["watts"]
    ]


def _static(facts: dict[str, Any], part: str) -> float:
    """Mean of the reports of the same device."""
    device = next((other for name, other in facts["static_of"].items() if part.startswith(name)), part)
    known = {_device(r["part"]) for r in facts["reports"]}
    found = [r["static"] for r in facts["reports"] if _device(r["part"]) == _device(device)]
    if not found:
        raise ValueError(
            f"{part}: no power report of this device is known; known are {', '.join(sorted(known))}"
        )
    return float(sum(found) / len(found))


def _device(part: str) -> str:
    """xczu3eg of xczu3eg-sbva484-1-e, xc7z020 of xc7z020clg400-1."""
    name = part.partition("-")[0]
    for package in ("clg", "ffg", "fgg"):
        name = name.partition(package)[0]
    return name
