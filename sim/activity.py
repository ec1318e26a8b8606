# SPDX-License-Identifier: Apache-2.0
"""Switching activity of a design: how often each bit of its signals toggles while it makes images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fpgan.hw.design import Design
from fpgan.hw.system.files import write_text
from fpgan.sim.compiled.compile import Compilation, compile_design
from fpgan.sim.compiled.programs import private_folder
from fpgan.sim.compiled.stream import Run, stream
from fpgan.sim.simulate import Progress, measured, streamed
from fpgan.sim.vectors import golden_of

SAIF = "power.saif"
_LINE = re.compile(r"\s*\((?:INSTANCE (?P<scope>\S+)|(?P<net>\S+) \(T0 .*\(TC (?P<toggles>\d+)\)\))")


class Bit(NamedTuple):
    """One bit: scopes above it joined by dots, its name as SAIF has it, how often it toggled."""

    scope: str
    name: str
    toggles: int


@dataclass(frozen=True)
class Traced:
    """A traced run: its SAIF file, images, values that differ from PyTorch's, cycles between images."""

    saif: Path
    images: int
    mismatches: int
    cycles_per_image: int


def trace_activity(
    design: Design, images: int, seed: int = 0, stall: float = 0.0, progress: Progress | None = None
) -> Traced:
    """Stream `images` golden vectors through the RTL; leaves BUILD/power.saif.

    Traced are all signals but those inside PEs that are alike, of which the first is (sampled.vlt). seed,
    stall: as `simulate`. Raises ValueError for bad arguments, ToolError where a tool fails.
    """
    say = progress or (lambda _: None)
    latent, golden = streamed(golden_of(design).select(images, seed, None))
    saif, log = design.root / SAIF, design.root / "power.log"
    with private_folder(design.root, "power") as folder:
        say("compiling")
        program, _ = compile_design(design, Compilation(trace="saif"), folder, log)
        say("simulating")
        ran = stream(design, program, log, latent, Run(seed, stall, waves=folder / SAIF))
        write_text(saif, escaped((folder / SAIF).read_text(encoding="utf-8")))
    cycles = measured(design, ran.said)["cycles_per_image"]
    return Traced(saif, images, int((ran.output != golden).sum()), cycles)


def escaped(text: str) -> str:
    """A SAIF file of Verilator's with the brackets of its scopes escaped, as those of its nets are."""
    return re.sub(r"(?<=\(INSTANCE )\S+", lambda name: re.sub(r"([\[\]])", r"\\\1", name[0]), text)


def read_saif(path: Path) -> Iterator[Bit]:
    """The bits of a SAIF file that Verilator wrote, scopes without escapes.

    A line opens a scope, closes one, or is of one bit.
    """
    scopes = list[str]()
    for line in path.open(encoding="utf-8"):
        match = _LINE.match(line)
        if match is None:
            if line.strip() == ")" and scopes:
                scopes.pop()
            elif line.strip() == "(NET":
                scopes.append("")
        elif match["scope"]:
            scopes.append(match["scope"].replace("\\", ""))
        else:
            yield Bit(".".join(filter(None, scopes)), match["net"], int(match["toggles"]))
