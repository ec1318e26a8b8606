# SPDX-License-Identifier: Apache-2.0
"""What is benchmarked: one BenchDesign per row, those of `fpgan bench` in designs.yaml."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import yaml

from fpgan.build.dataflow.styles import Storage
from fpgan.hw.boards import get_board
from fpgan.model.config import PRESETS, TrainConfig


@dataclass(frozen=True)
class BenchDesign:
    """A network on a board: the fastest design within a share of the board, or the cheapest at target_fps.

    preset: of model/config.py; or what a network is called whose module is given: NAME of FILE.py beside this
    file, called with arguments, which `quantize` takes with weights of a fixed seed.
    checkpoint: a shipped one; without it the network is untrained, only its scales are calibrated, which
    gives the same hardware. weight_bits, act_bits: of all layers, the preset's where None. budget: absolute
    limits that replace the board's share for the resources named. cores: compute cores to choose from, the
    build's own choice where None. clock_mhz: the board's default where None. images: simulated, back to back.
    weight_storage, batch: as `build` takes them; of streamed weights whole batches are simulated.
    zero_insertion: also simulate the zero_insert design at the same lanes. title: what the README calls the
    network, where its name says too little.
    """

    name: str
    preset: str
    board: str
    checkpoint: str | None = None
    weight_bits: int | None = None
    act_bits: int | None = None
    max_utilization: float = 0.9
    target_fps: float | None = None
    budget: dict[str, int] = field(default_factory=dict)
    cores: Collection[str] | None = None
    images: int = 16
    zero_insertion: bool = False
    title: str | None = None
    module: str | None = None
    arguments: dict[str, int] = field(default_factory=dict)
    clock_mhz: float | None = None
    weight_storage: Storage = "rom"
    batch: int | None = None

    @property
    def source(self) -> str | None:
        """Of the module, as `quantize` takes it."""
        return None if self.module is None else str(Path(__file__).with_name(self.module))

    @property
    def config(self) -> TrainConfig:
        """The preset's network, with its seed."""
        preset = PRESETS[self.preset]
        bits = {"weight_bits": self.weight_bits, "act_bits": self.act_bits}
        given = {name: value for name, value in bits.items() if value is not None}
        return replace(preset, generator=replace(preset.generator, **given))  # type: ignore[arg-type]

    @property
    def seed(self) -> int:
        """Of the network."""
        return self.config.seed if self.module is None else 0

    @property
    def bits(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Weight and activation bits of each layer; of a module, whose layers have the same, once."""
        if self.module is not None:
            return (self.weight_bits or 4,), (self.act_bits or 4,)
        generator = self.config.generator
        return generator.layer_weight_bits, generator.layer_act_bits

    @property
    def network(self) -> str:
        """Name of the network, the same for every board: mnist32-w4a4, or tiny-w2a2-untrained."""
        weights, activations = ("".join(map(str, sorted(set(bits)))) for bits in self.bits)
        return f"{self.preset}-w{weights}a{activations}{'' if self.checkpoint else '-untrained'}"

    def simulated(self, images: int | None) -> int:
        """How many images: so many, or its own number; of a batch's whole ones, three batches at least.

        Fewer batches than that do not show how far apart they are.
        """
        count = images or self.images
        return count if self.batch is None else self.batch * max(3, -(-count // self.batch))


@cache
def all_designs() -> tuple[BenchDesign, ...]:
    """The rows of `fpgan bench`."""
    rows = yaml.safe_load(Path(__file__).with_name("designs.yaml").read_text(encoding="utf-8"))
    return tuple(BenchDesign(**row) for row in rows)


def select(designs: Sequence[str | BenchDesign] | None) -> list[BenchDesign]:
    """Designs by name, or as given; all of them for None. ValueError names the known ones, or boards."""
    known = {design.name: design for design in all_designs()}
    if designs is None:
        return list(known.values())
    unknown = [d for d in designs if isinstance(d, str) and d not in known]
    if unknown or not designs:
        said = f"{', '.join(unknown)}: unknown" if unknown else "none given"
        raise ValueError(f"designs: {said}; known are {', '.join(known)}")
    chosen = [known[d] if isinstance(d, str) else d for d in designs]
    chosen = [replace(design, board=get_board(design.board).name) for design in chosen]
    names = [design.name for design in chosen]
    if len(set(names)) < len(names):
        raise ValueError(f"designs: {', '.join(names)} has one twice")
    return chosen
