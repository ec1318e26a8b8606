# SPDX-License-Identifier: Apache-2.0
"""Images per second that the driver gets from a design through its host interface, and what binds them.

Of a call's images each adds the cycles of whatever needs the most:

    by memory:     max(accelerator, latent bytes / word, image bytes / word)
    by registers:  max(accelerator, 4 (latent bytes / 4 + image bytes / 4 + 4 image bytes / window))

A memory word passes in a cycle, reads beside writes. Register accesses take 4 cycles, one after the other;
before each window of images the driver looks at 4 registers. The processor's own time is in neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.implement.host_options import host_options
from fpgan.hw.boards import get_board
from fpgan.hw.design import WEIGHTS, Design, Stream
from fpgan.hw.driver import Accelerator, IntArray
from fpgan.hw.driver.registers import WINDOW_BYTES
from fpgan.hw.host.emit import Host, emit_host
from fpgan.sim.compiled.board import SimulatedBoard
from fpgan.sim.compiled.programs import private_folder
from fpgan.sim.vectors import golden_of

WAYS = ("memory", "registers")
MOST = 8  # images of a call: what each adds is the same
_ACCESS = 4  # cycles of a register access where nothing waits: axil_port's 3, and one until the next
_LOOKS = 4  # accesses for each window full: STATUS, IMAGES_OUT, IN_SPACE, OUT_LEVEL

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Call:
    """A call's cycles, by the accelerator's own count and from the driver's first access to its last."""

    images: int
    accelerator: int
    driver: int
    mismatches: int


def measure(build: Path, cycles_per_image: int, images: int, say: Progress) -> dict[str, Any]:
    """What `through_driver` of a benchmark row holds.

    cycles_per_image: of the accelerator by itself. images: of the longer of two calls, 2 or more; golden ones
    that the BUILD has, MOST at most.
    """
    design, images = Design.load(build), min(images, MOST)
    with private_folder(build, "driver") as folder:
        options = host_options(design, get_board(design.board), "axi")
        host = emit_host(design, folder / "host", options)
        found = _calls(host, design, images, say)
    needed = {
        "memory": by_memory(design, cycles_per_image, options.data_bits),
        "registers": by_registers(design, cycles_per_image),
    }
    ways = {way: _way(way, needed[way], calls, design.clock_mhz) for way, calls in found.items()}
    return {"images": images, "data_bits": options.data_bits, **ways}


def by_memory(design: Design, accelerator: int, data_bits: int) -> dict[str, float]:
    """Cycles that each part of the way needs for an image, latents and images through memory."""
    return {
        "accelerator": accelerator,
        "latents": 8 * _bytes(design.input) / data_bits,
        "images": 8 * _bytes(design.output) / data_bits,
    }


def by_registers(design: Design, accelerator: int) -> dict[str, float]:
    """The same through the windows, one bus for both; looks at registers are shared out to the images."""
    latents, images = _bytes(design.input), _bytes(design.output)
    return {
        "accelerator": accelerator,
        "latents": _ACCESS * latents / 4,
        "images": _ACCESS * (images / 4 + _LOOKS * images / WINDOW_BYTES),
    }


def predicted(way: str, needed: dict[str, float]) -> tuple[float, str]:
    """Cycles that each image adds, and what binds them."""
    latents, images = needed["latents"], needed["images"]
    bus = latents + images if way == "registers" else max(latents, images)
    if needed["accelerator"] >= bus:
        return needed["accelerator"], "accelerator"
    return bus, "latents" if latents > images else "images"


def _bytes(stream: Stream) -> int:
    """Of an image or a latent: bytes of its beats."""
    return stream.beats * stream.tdata_bits // 8


def _calls(host: Host, design: Design, images: int, say: Progress) -> dict[str, list[_Call]]:
    """Two calls of each way, of half the images and of all."""
    vectors = golden_of(design)
    latents = vectors.latent[:images].reshape(images, -1)
    expected = vectors.image[:images].transpose(0, 2, 3, 1)
    counts, found = (images // 2, images), {}
    say("compiling")
    with SimulatedBoard(host, clock_mhz=design.clock_mhz) as board:
        accelerator = Accelerator(board, design=host.identity)
        if design.weights:
            accelerator.load_weights(design.root / WEIGHTS)
        for way in WAYS:
            say(f"by {way}")
            found[way] = [_call(board, accelerator, way, latents[:n], expected[:n]) for n in counts]
    return found


def _call(
    board: SimulatedBoard, accelerator: Accelerator, way: str, latents: IntArray, expected: IntArray
) -> _Call:
    start = board.counts().cycles
    got = accelerator.generate(latents, memory=way == "memory")
    cycles, driver = int(accelerator.timing["cycles"]), board.counts().cycles - start
    return _Call(len(latents), cycles, driver, int(np.count_nonzero(got != expected)))


def _way(way: str, needed: dict[str, float], calls: list[_Call], clock_mhz: float) -> dict[str, Any]:
    """What two calls say, the shorter first, beside what was expected.

    The accelerator counts to the memory's last answer, but not the words that still wait in the window then.
    """
    short, long = calls
    more = long.accelerator - short.accelerator if way == "memory" else long.driver - short.driver
    each = more / (long.images - short.images)
    expected, binds = predicted(way, needed)
    return {
        "frames_per_second": round(clock_mhz * 1e6 / each, 1),
        "cycles_per_image": round(each, 1),
        "predicted_cycles_per_image": round(expected, 1),
        "call_cycles": round(long.driver - long.images * each),
        "binds": binds,
        "needs": {part: round(cycles, 1) for part, cycles in needed.items()},
        "mismatches": sum(call.mismatches for call in calls),
    }
