# SPDX-License-Identifier: Apache-2.0
"""Run a compiled design: latents go in as stream words, images come out."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import STREAMED, WEIGHTS, Design
from fpgan.hw.driver.weights import refusal
from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.programs import run_logged
from fpgan.sim.packing import pack, unpack

_RESET_LAG = 2  # cycles that a reset is on its way to the layers
_RESET_AFTER = 777  # cycles of a first, aborted run when a reset is asked for


class StarvedError(RuntimeError):
    """The threads of a simulation have no cores to themselves; share: of their time in which they ran."""

    def __init__(self, share: float) -> None:
        super().__init__(f"the threads of the simulation run {share:.0%} of the time")
        self.share = share


@dataclass(frozen=True)
class Run:
    """How a design is run.

    seed, stall: of the pauses on both sides and of what registers hold before a reset, and the pauses'
    probability in a cycle. reset_first: begin with a run
    that is reset in the middle of an image. waves: file for a waveform, which ends at waves_limit bytes.
    trial: seconds after which threads that wait for each other are an error. taps: folder for what the taps
    write. weights: file that is loaded after each reset, of a design whose weights are loaded; None: its own.
    streamed: file of those that are read from memory, likewise.
    """

    seed: int = 0
    stall: float = 0.0
    reset_first: bool = False
    waves: Path | None = None
    waves_limit: int = 0
    trial: float = 0.0
    taps: Path | None = None
    weights: Path | None = None
    streamed: Path | None = None


@dataclass(frozen=True)
class Streamed:
    """Images (N,H,W,C), what the harness says of the run (see harness.cpp), and the seconds that it took."""

    output: NDArray[np.int64]
    said: dict[str, Any]
    seconds: float


def stream(design: Design, program: Path, log: Path, latent: NDArray[np.int64], how: Run) -> Streamed:
    """Run a compiled design on latents (N,H,W,C), in its program's folder.

    Raises ToolError where it hangs, fails an assertion or refuses the weights, and StarvedError.
    """
    source, sink, folder = design.input, design.output, program.parent
    asked, latent = len(latent), whole_batches(design, latent)
    images, out_bytes = len(latent), sink.tdata_bits // 8
    weights = how.weights or (design.root / WEIGHTS if design.weights else None)
    given, taken = folder / "in.bin", folder / "out.bin"
    given.write_bytes(pack(latent, source.elements_per_beat, source.element_bits).tobytes())
    command = [
        str(program), str(given), str(taken), str(images), str(source.beats), str(source.tdata_bits // 8),
        str(sink.beats), str(out_bytes), str(how.stall), str(how.seed),
        str(_RESET_AFTER if how.reset_first else 0), str(how.waves or "-"), str(how.waves_limit),
        str(how.trial), str(weights or "-"), *_streams(design, how.streamed),
        *([f"+taps={how.taps}"] if how.taps else []),
    ]  # fmt: skip
    start = time.monotonic()
    said = json.loads(run_logged(command, design.rtl, folder, log, "simulating").splitlines()[-1])
    seconds = time.monotonic() - start
    if "refused" in said:
        raise ToolError(f"{weights}: {refusal(said['refused'])}", command, log)
    if said.get("starved"):
        raise StarvedError(said["threads_ran"])
    words = np.fromfile(taken, np.uint8).reshape(-1, out_bytes)
    values = unpack(words, sink.elements_per_beat, sink.element_bits, sink.signed)
    return Streamed(values.reshape(images, *sink.shape[1:])[:asked], said, seconds)


def whole_batches(design: Design, latent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Latents, of a design whose weights are streamed so many more that no batch stays half full."""
    missing = -len(latent) % (design.streams.batch if design.streams else 1)
    return np.concatenate([latent, np.repeat(latent[-1:], missing, 0)]) if missing else latent


def _streams(design: Design, file: Path | None) -> list[str]:
    """What the harness is told of the streams of weights: see harness.cpp."""
    if not design.streams:
        return []
    said, offset, beat = [], 8, design.streams.beat_bits // 8
    for layer in design.streams.layers:
        rate = layer.bytes_per_cycle / beat
        where = f"{file or design.root / STREAMED}:{offset}:{layer.bytes}:{beat}"
        said.append(f"{where}:{rate!r}:{_RESET_LAG + design.streams.latency}")
        offset += layer.bytes + 4  # its CRC
    return said
