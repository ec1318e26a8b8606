# SPDX-License-Identifier: Apache-2.0
"""sim.json: what a simulation measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import OneOf, Whole
from fpgan.sim.differences import Difference

_COUNT = Whole()


@dataclass(frozen=True, kw_only=True)
class Waves:
    """The waveform of `--waves`."""

    file: str = said("its name in BUILD")
    bytes: int = said("its size", "bytes", within=_COUNT)
    cycles: int = said("in it", "cycles", within=_COUNT)
    whole: bool = said("whether these are all; false where it reached its limit")


@dataclass(frozen=True, kw_only=True)
class SimLayer:
    """A layer's stream against numpy, of `--layers`."""

    name: str = said("as in report.json")
    words: int = said("that it put out", "words", within=_COUNT)
    mismatches: int = said("values wrong, missing or too many", within=_COUNT)
    first: Difference | None = said("the first of them; null where there is none")


@dataclass(frozen=True, kw_only=True)
class Walked:
    """The way of `--walk`."""

    latents: int = said("that it leads through", within=Whole(2))
    truncation: float = said("share that was kept of what is random in them")
    file: str = said("the moving picture's name in BUILD")


@dataclass(frozen=True, kw_only=True)
class Iterations:
    """Steps of a layer's loop for an image."""

    counted: int = said("in C simulation", within=_COUNT)
    predicted: int = said("cycles by report.json", "cycles", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class Sim:
    """BUILD/sim.json by `fpgan sim`, netlist_sim.json by `fpgan sim --netlist`.

    What is counted in cycles is null for HLS: C simulation has no clock.
    """

    images: int = said("streamed back to back", "images", stable=True, within=Whole(1))
    pixels: int = said("values compared: images x rows x columns x channels", stable=True, within=_COUNT)
    mismatches: int = said("values that differ from the golden ones", stable=True, within=_COUNT)
    differences: Sequence[Difference] = said("the first 100 of them, in the order of the stream")
    golden: str = said("who computed the golden ones, as in design.json", within=OneOf(("pytorch", "exact")))
    seed: int = said("that chose images and pauses")
    stall: float = said("probability of a pause on either side, per cycle")
    how: str = said("what ran", within=OneOf(("rtl", "netlist", "csim")))
    latency_cycles: int | None = said("first input beat to last output beat of the first image", "cycles",
                                      stable=True, within=_COUNT)  # fmt: skip
    cycles_per_image: int | None = said(
        "between images, steady state", "cycles", stable=True, within=Whole(1)
    )
    efficiency: float | None = said("useful_macs_per_image / (cycles_per_image * mac_lanes)", stable=True)
    sim_seconds: float = said("that the simulation took", "s", stable=True)
    kcycles_per_second: float | None = said("speed of the simulation", "1000 cycles/s", stable=True)
    threads: int = said("of the simulation", within=Whole(1), may_lack=True)
    threads_warning: str | None = said("why fewer threads ran, or may be faster", may_lack=True)
    build_seconds: float = said("that compiling took", "s", stable=True)
    fifo_depths: dict[str, int] = said("by name", "words", stable=True)
    load_cycles: int = said("from the reset until weights were loaded, where they are", "cycles",
                            may_lack=True, within=Whole(1))  # fmt: skip
    iterations: dict[str, Iterations] = said("by layer, of HLS", may_lack=True)
    waves: Waves = said("with --waves", may_lack=True)
    layers: Sequence[SimLayer] = said("with --layers, in the order of the graph", may_lack=True)
    first_layer: str | None = said("the first of them that differs, null for none", may_lack=True)
    labels: Sequence[int] = said("what each image was asked to show, of a design with classes", may_lack=True)
    numpy_images: int = said("of the images, those whose golden ones numpy made on the finished graph",
                             "images", may_lack=True, within=Whole(1))  # fmt: skip
    walk: Walked = said("with --walk", may_lack=True)
    label_agreement: float | None = said("share of images that show it to a classifier; null without one",
                                         may_lack=True)  # fmt: skip
