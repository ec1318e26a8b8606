# SPDX-License-Identifier: Apache-2.0
"""Tests an accelerator on the board that it runs on: sudo python3 selftest.py

Exit code 0: every pixel is PyTorch's; 1: something is wrong; 2: the test cannot run. Lies beside driver/,
facts.json and golden.npz.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import driver
import numpy as np
from driver import Accelerator, AcceleratorError, IntArray, NoMemoryError

_HERE = Path(__file__).resolve().parent
_SEED, _SEED_IMAGES = 1, 16
_CLOCK_TOLERANCE = 0.02
_FACTS: dict[str, type | tuple[type, ...]] = {
    "name": str, "board": str, "part": str, "bitstream": str, "missing": (str, type(None)), "address": int,
    "design": int, "clock_mhz": (int, float), "ps_clock_mhz": (int, float),
}  # fmt: skip


class CannotRunError(Exception):
    """What is missing or was asked for wrongly; one line."""


def main(arguments: list[str] | None = None) -> int:
    """Run the self-test; returns the exit code."""
    options = _options(arguments)
    try:
        facts, latents, images = _inputs(options.images)
        accelerator = _open(facts, options.bitstream, options.loaded)
        _load_weights(accelerator)
        failed = sum(not passed for passed in _checks(accelerator, latents, images))
        failed += not _speed(accelerator, options.timed)
    except CannotRunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (AcceleratorError, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("FAILED" if failed else "PASSED")
    return int(failed > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Test the accelerator of this folder on this board.")
    parser.add_argument("--images", type=int, help="golden images to compare; all")
    parser.add_argument("--timed", type=int, default=1_000_000, help="images to time, at most; 1000000")
    parser.add_argument("--bitstream", type=Path, help="file to load; that of facts.json")
    parser.add_argument("--loaded", action="store_true", help="the bitstream is loaded already")
    return parser.parse_args(arguments)


def _inputs(count: int | None) -> tuple[dict[str, Any], IntArray, IntArray]:
    """facts.json, latents (N,Z) and images (N,H,W,C)."""
    try:
        facts = json.loads((_HERE / "facts.json").read_text(encoding="utf-8"))
        with np.load(_HERE / "golden.npz") as data:
            latents, images = data["latent"].astype(np.int64), data["image"].astype(np.int64)
        wrong = [name for name, kind in _FACTS.items() if not isinstance(facts[name], kind)]
        if wrong or (latents.ndim, images.ndim) != (2, 4) or len(latents) != len(images):
            raise ValueError(wrong[0] if wrong else "latents and images do not belong together")
    except Exception as error:  # zipfile's and zlib's own among them
        text = " ".join(str(error).split())
        raise CannotRunError(f"{_HERE}: facts.json or golden.npz is missing or broken ({text})") from None
    count = len(latents) if count is None else count
    if not 1 <= count <= len(latents):
        raise CannotRunError(f"--images {count}: golden.npz has 1 to {len(latents)}")
    return facts, latents[:count], images[:count]


def _open(facts: dict[str, Any], bitstream: Path | None, loaded: bool) -> Accelerator:
    file = bitstream or _HERE / facts["bitstream"]
    if not loaded and not file.exists():
        raise CannotRunError(f"{file} is not there: {facts['missing'] or 'copy the whole folder'}")
    try:
        clocks = {key: facts[key] for key in ("clock_mhz", "ps_clock_mhz")}
        board = driver.open_board(None if loaded else file, facts["address"], **clocks)
    except ValueError as error:
        raise CannotRunError(f"{file}: {error}") from None
    accelerator = Accelerator(board, design=facts["design"], clock_mhz=facts["clock_mhz"])
    print(f"{facts['name']} on {facts['board']}: design 0x{facts['design']:08X} answers")
    return accelerator


def _load_weights(accelerator: Accelerator) -> None:
    """Of a design that has none in its bitstream: by memory, or through the registers where there is none."""
    if not accelerator.weights_bytes:
        return
    file, way = _HERE / "weights.bin", "memory"
    try:
        try:
            accelerator.load_weights(file)
        except NoMemoryError:
            way = "the registers"
            accelerator.load_weights(file, memory=False)
    except ValueError as error:
        raise CannotRunError(str(error)) from None
    print(f"{accelerator.weights_bytes:,} bytes of weights are loaded through {way}")


def _checks(accelerator: Accelerator, latents: IntArray, images: IntArray) -> Iterator[bool]:
    """Whether each way of making images gives the right ones."""
    yield _compare("through the registers", images, lambda: accelerator.generate(latents, memory=False))
    if accelerator.memory_bytes:
        yield _compare("through memory", images, lambda: accelerator.generate(latents, memory=True))
    if accelerator.has_generator:
        made = _own_latents(accelerator)
        label = 0 if accelerator.classes else None
        expected = accelerator.generate(made, label=label, memory=False)
        yield _compare(
            "of latents made on the chip",
            expected,
            lambda: accelerator.generate(seed=_SEED, n=_SEED_IMAGES, label=label, memory=False),
        )


def _own_latents(accelerator: Accelerator) -> IntArray:
    """What the generator on the chip makes of _SEED, by numpy."""
    low, high = accelerator.latent_range
    elements, bits = accelerator.latent_elements - accelerator.classes, (high - low).bit_length()
    return driver.random_latents(_SEED, _SEED_IMAGES, elements, bits, low, accelerator.latent_scale)


def _compare(name: str, expected: IntArray, make: Callable[[], IntArray]) -> bool:
    """Print a line on the images that `make` gives; False where they are not those expected."""
    try:
        found = make()
    except NoMemoryError as error:
        print(f"{len(expected)} images {name}: not tested ({error})")
        return True
    wrong = int((found != expected).sum())
    print(f"{len(expected)} images {name}: {expected.size} pixels, {wrong} wrong")
    return wrong == 0


def _speed(accelerator: Accelerator, most: int) -> bool:
    """Time about a second's worth of images; print images per second and the clock. False: it is too fast."""
    if not accelerator.has_generator:
        return True
    first = accelerator.measure(max(1, min(most, 100)))
    in_a_second = int(first["images"] / first["seconds"])
    timing = accelerator.measure(max(1, min(most, accelerator.max_images, in_a_second)))
    rate = timing["images"] / timing["seconds"]
    print(f"{rate:,.0f} images/s, {timing['cycles'] / timing['images']:,.0f} cycles per image")
    passed, line = judge_clock(timing["cycles"] / timing["seconds"] / 1e6, accelerator.clock_mhz)
    print(line)
    return passed


def judge_clock(measured: float, nominal: float) -> tuple[bool, str]:
    """Whether a clock in MHz, measured with the processor's, is not above the design's; what to say of it."""
    if abs(measured - nominal) <= _CLOCK_TOLERANCE * nominal:
        return True, f"clock: {nominal:g} MHz"
    if measured < nominal:
        return True, f"clock: {measured:.1f} MHz, slower than the {nominal:g} MHz that the design is for"
    return False, f"the clock runs at {measured:.1f} MHz, faster than the {nominal:g} MHz of the design"


if __name__ == "__main__":
    sys.exit(main())
