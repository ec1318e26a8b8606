# SPDX-License-Identifier: Apache-2.0
"""power.json: what a design is estimated to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Number, OneOf, Whole


@dataclass(frozen=True, kw_only=True)
class Watts:
    """By what takes it."""

    clock: float = said("clock tree and what is clocked", "W")
    logic: float = said("LUTs", "W")
    signals: float = said("wires", "W")
    BRAM: float = said("block RAMs", "W")
    DSP: float = said("DSP slices", "W")


@dataclass(frozen=True, kw_only=True)
class LayerWatts(Watts):
    """Of a layer, which has no static power of its own."""

    total: float = said("their sum", "W")


@dataclass(frozen=True, kw_only=True)
class DesignWatts(Watts):
    """Of the whole design."""

    dynamic: float = said("the sum of those", "W")
    static: float = said("of the chip at rest, 25 C, typical", "W")
    total: float = said("dynamic + static", "W", stable=True)


@dataclass(frozen=True, kw_only=True)
class PowerLayer:
    """A layer."""

    name: str = said("as in report.json")
    toggle_rate: float = said("mean over its signals", "toggles per bit and cycle")
    W: LayerWatts = said("what it draws")


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Of one image."""

    dynamic: float = said("without static power", "uJ")
    total: float = said("with it", "uJ", stable=True)


@dataclass(frozen=True, kw_only=True)
class Power:
    """BUILD/power.json, by `fpgan power`; six significant digits."""

    how: str = said("what the figures are: an estimate", stable=True)
    board: str = said("name in hw/boards/boards.yaml")
    part: str = said("the vendor's name of the part")
    clock_mhz: float = said("that the design is made for", "MHz", stable=True, within=Number())
    resources_from: str = said("which file", stable=True, within=OneOf(("synth.json", "report.json")))
    images: int = said("simulated", "images", stable=True, within=Whole(1))
    seed: int = said("that chose images and pauses")
    stall: float = said("probability of a pause on either side, per cycle")
    cycles_per_image: float = said("in that simulation", "cycles", within=Number())
    layers: Sequence[PowerLayer] = said("in the order of the graph", stable=True)
    W: DesignWatts = said("what the design draws", stable=True)
    images_per_second: float = said("at that clock", "images/s", stable=True)
    energy_per_image_uJ: Energy = said("watts over images per second", stable=True)
    gops: float = said("useful giga-operations per second, two per MAC", "GOPS")
    gops_per_W: float = said("gops / total watts", "GOPS/W", stable=True)
    uncertainty_factor: float = said("how far, either way, the sources lie from their mean", stable=True)
    picojoules: dict[str, float] = said("energies that were used, by what takes them", "pJ")
    activity: str = said("file of toggles in BUILD, for Vivado's read_saif")
    not_in_it: Sequence[str] = said("what draws power besides", stable=True)
    sources: Sequence[str] = said("of the energies", stable=True)
    seconds: float = said("that the estimate took", "s")
