# SPDX-License-Identifier: Apache-2.0
"""An accelerator's calls: latents in, images out, by its registers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import registers
from .formats import Bytes, Format, IntArray, pack, unpack
from .interface import AcceleratorError, Board, Buffer, Words
from .latents import random_latents, seed_state
from .waits import stuck, stuck_load
from .weights import read_weights, refusal

_PAUSE = 50e-6  # seconds between two looks at the accelerator


class Accelerator:
    """An accelerator behind its registers.

    latent_elements (the label's among them), classes, image_shape (H,W,C), latent_scale and image_scale (of
    one step), clock_mhz, weights_bytes (of the file for load_weights, 0 where there is none) say what it is;
    timing says how long the last call took.
    """

    def __init__(
        self,
        board: Board,
        design: int | None = None,
        timeout: float = 10.0,
        clock_mhz: float | None = None,
    ) -> None:
        """design: what the register DESIGN must read. timeout: seconds without progress that count as a hang.
        clock_mhz: of facts.json, where that is slower than the one that the design was made for.

        AcceleratorError where something else, or another version, is loaded.
        """
        self.board, self.timeout, self.timing = board, timeout, dict[str, float]()
        self._buffers: dict[str, Buffer] = {}
        found = [self._get(name) for name in ("ID", "VERSION", "DESIGN")]
        if found[0] != registers.ID:
            raise AcceleratorError(
                f"ID reads 0x{found[0]:08X}, not 0x{registers.ID:08X}: no FPGAN accelerator is there"
            )
        if found[1] >> 16 != registers.VERSION >> 16:
            raise AcceleratorError(
                f"interface version 0x{found[1]:08X}; this driver is for 0x{registers.VERSION:08X}"
            )
        if design is not None and found[2] != design:
            raise AcceleratorError(f"design 0x{found[2]:08X} is loaded, not 0x{design:08X}")
        features, shape = self._get("FEATURES"), self._get("IMAGE_SHAPE")
        self.memory_bytes, self.has_generator = features & 0xFF, bool(features >> 8 & 1)
        self.latent_elements, self.classes = self._get("LATENT_ELEMENTS"), self._get("CLASSES")
        self.image_shape = (shape >> 8 & 0xFFF, shape >> 20, shape & 0xFF)
        self.latent_scale, self.image_scale = self._float("LATENT_SCALE"), self._float("IMAGE_SCALE")
        made_for, self.max_images = self._get("CLOCK_KHZ") / 1000, self._get("MAX_IMAGES")
        self.clock_mhz = min(made_for, clock_mhz or made_for)
        self.weights_bytes = self._get("WEIGHTS_BYTES")
        self._latent, self._image = self._format("LATENT"), self._format("IMAGE")
        self.abort()

    @property
    def latent_range(self) -> tuple[int, int]:
        """Least and greatest element of a latent."""
        low = -(1 << self._latent.bits - 1) if self._latent.signed else 0
        return low, low + (1 << self._latent.bits) - 1

    def generate(
        self,
        latents: NDArray[Any] | None = None,
        *,
        seed: int | None = None,
        n: int = 1,
        label: int | IntArray | None = None,
        memory: bool | None = None,
    ) -> IntArray:
        """Images (N,H,W,C), integers worth image_scale each, of latents, or of `n` random ones by `seed`.

        latents: (N,Z) integers, or floats that are divided by latent_scale and rounded; Z with or without the
        label's elements. label: one for all or (N), of a network with classes; else 0, 1, ... in turn.
        memory: by the memory master (the default where there is one) or by the windows. The same seed gives
        the same images, whether the accelerator or the driver makes the latents.

        ValueError for bad arguments, AcceleratorError for what the accelerator reports.
        """
        memory = self._by_memory(memory)
        if (latents is None) == (seed is None):
            raise ValueError("give either latents or a seed")
        count = n if latents is None else len(latents)
        if not 0 <= count <= self.max_images:
            raise ValueError(f"{count} images: one call makes 0 to {self.max_images}")
        if seed is not None and self.has_generator and (not self.classes or isinstance(label, int)):
            self._seed(seed, self._labels(label, 1))
            source, words = "GENERATOR", np.zeros(0, np.uint8)
        else:
            source = "DMA" if memory else "WINDOW"
            words = pack(self._integers(latents, seed, count, label), *self._latent[:2]).reshape(-1)
        size = count * self._get("IMAGE_BEATS") * self._image.beat_bytes
        run = self._through_memory if memory else self._through_windows
        data = self._timed(count, lambda: run(source, words, size, count))
        values = unpack(data.reshape(-1, self._image.beat_bytes), *self._image[:3])
        return values.reshape(count, *self.image_shape)

    def measure(self, n: int = 1000, seed: int = 0) -> dict[str, float]:
        """Time `n` images that are made and dropped on the chip, with no traffic. Returns `timing`."""
        if not self.has_generator:
            raise ValueError("this design makes no latents of its own")
        self._seed(seed, self._labels(0 if self.classes else None, 1))
        self._timed(n, lambda: self._run("GENERATOR", "NONE", n, lambda: False))
        return self.timing

    def load_weights(self, path: str | Path, *, memory: bool | None = None) -> None:
        """Load weights.bin, or a file of `fpgan weights`: before the first image, again at any time.

        memory: as in `generate`. An abort, such as after a failed call, and a reset forget the weights.

        ValueError for a file that is not for this design, AcceleratorError for one that is damaged or did not
        get there: no weights are loaded then.
        """
        if not self.weights_bytes:
            raise ValueError(f"{path}: this design has its weights in its bitstream")
        content = read_weights(Path(path), self._get("WEIGHTS_DESIGN"), self.weights_bytes)
        memory = self._by_memory(memory)
        source, run = ("DMA", self._through_memory) if memory else ("WINDOW", self._through_windows)
        run(source, np.frombuffer(content, np.uint8), 0, len(content), load=True)
        if not (found := self._get("WEIGHTS")) & 1:
            raise AcceleratorError(f"{path}: {refusal(found >> 1)}; none are loaded, copy it again")

    def abort(self) -> None:
        """End whatever is under way, forget weights too. AcceleratorError if the memory does not answer."""
        self._set("CONTROL", 1 << registers.CONTROL_ABORT)
        end = time.monotonic() + self.timeout
        while self._get("STATUS"):
            if time.monotonic() > end:
                raise AcceleratorError("a memory transfer does not end: the bus hangs; reset the board")
            self.board.pause(_PAUSE)
        self._set("ERRORS", 0xFFFFFFFF)

    def _integers(
        self, latents: NDArray[Any] | None, seed: int | None, n: int, label: int | IntArray | None
    ) -> IntArray:
        """Latents as the accelerator takes them, (N, latent_elements)."""
        (low, high), plain = self.latent_range, self.latent_elements - self.classes
        if latents is None:
            latents = random_latents(seed or 0, n, plain, self._latent.bits, low, self.latent_scale)
        if latents.ndim != 2 or latents.shape[1] not in (plain, self.latent_elements):
            raise ValueError(f"latents of shape {latents.shape}: (N,{self.latent_elements}) is expected")
        if not np.issubdtype(latents.dtype, np.integer):
            latents = np.clip(np.rint(latents / self.latent_scale), low, high)
        if latents.size and (latents.min() < low or latents.max() > high):
            raise ValueError(f"latents of {latents.min()} to {latents.max()}: must be {low} to {high}")
        if self.classes and latents.shape[1] == plain:
            code = np.eye(self.classes, dtype=np.int64)[self._labels(label, n)] * high
            return np.concatenate([latents.astype(np.int64), code], axis=1)
        if label is not None:
            raise ValueError(
                "label: the latents hold theirs" if self.classes else "label: there are no classes"
            )
        return latents.astype(np.int64)

    def _labels(self, label: int | IntArray | None, n: int) -> IntArray:
        if label is not None and not self.classes:
            raise ValueError("label: this network has no classes")
        given = np.arange(n) % max(self.classes, 1) if label is None else np.asarray(label)
        labels = np.broadcast_to(given, (n,)).astype(np.int64)
        if labels.size and not 0 <= labels.min() <= labels.max() < max(self.classes, 1):
            raise ValueError(f"label {labels.min()} to {labels.max()}: must be 0 to {self.classes - 1}")
        return labels

    def _by_memory(self, memory: bool | None) -> bool:
        if memory and not self.memory_bytes:
            raise ValueError("memory=True: this design has no memory master")
        return self.memory_bytes > 0 if memory is None else memory

    def _seed(self, seed: int, label: IntArray) -> None:
        for i, word in enumerate(seed_state(seed)):
            self._set(f"SEED_{i}", word)
        self._set("LABEL", int(label[0]))

    def _through_windows(self, source: str, data: Bytes, size: int, n: int, load: bool = False) -> Bytes:
        """One call by the windows; `data` in, `size` bytes out."""
        words = np.frombuffer(data.tobytes() + bytes(-len(data) % 4), "<u4")
        parts, sent, left = list[Words](), 0, -(-size // 4)

        def move() -> bool:
            nonlocal sent, left
            room = min(self._get("IN_SPACE"), registers.WINDOW_BYTES // 4) if sent < len(words) else 0
            level = min(self._get("OUT_LEVEL"), registers.WINDOW_BYTES // 4) if left else 0
            if room:
                self.board.write_words(registers.IN_WINDOW, words[sent : sent + room])
            if level:
                parts.append(self.board.read_words(registers.OUT_WINDOW, level))
            sent, left = sent + room, left - level
            return room + level > 0

        self._run(source, "WINDOW", n, move, load)
        while left and move():  # the last words may have come with the end of the call
            pass
        return np.frombuffer(b"".join(part.astype("<u4").tobytes() for part in parts), np.uint8)[:size]

    def _through_memory(self, source: str, data: Bytes, size: int, n: int, load: bool = False) -> Bytes:
        """One call by the memory master; `data` in, `size` bytes out."""
        images = self._buffer("images", size)
        if source == "DMA":
            latents = self._buffer("latents", len(data))
            latents.array[: len(data)] = data
            latents.flush()
            self._address("SOURCE", latents.address)
        self._address("DEST", images.address)
        self._run(source, "DMA", n, lambda: False, load)
        images.invalidate()
        return images.array[:size].copy()

    def _run(self, source: str, sink: str, n: int, move: Callable[[], bool], load: bool = False) -> None:
        """Start a call, `move` until it has ended. AcceleratorError for a hang or a reported error.

        n: images, or bytes of weights that it loads.
        """
        if self.weights_bytes and not load and not self._get("WEIGHTS") & 1:
            raise AcceleratorError("no weights are loaded: load_weights(path) first; an abort forgets them")
        self._set("IMAGES", n)
        control = registers.SOURCES[source] << registers.CONTROL_SOURCE
        control |= registers.SINKS[sink] << registers.CONTROL_SINK | load << registers.CONTROL_LOAD
        try:
            self._set("CONTROL", control | 1 << registers.CONTROL_RESEED | 1 << registers.CONTROL_START)
            seen, since = -1, time.monotonic()
            while self._get("STATUS"):
                done = self._get("IMAGES_OUT")
                if move() or done != seen:
                    seen, since = done, time.monotonic()
                elif time.monotonic() - since > self.timeout:
                    raise AcceleratorError(self._stuck(source, sink, n, load))
                elif sink != "WINDOW":  # a window is full sooner than a pause is over
                    self.board.pause(_PAUSE)
        except AcceleratorError as error:
            self._abort_after(error)
            raise
        except BaseException:
            self.abort()
            raise
        if errors := self._get("ERRORS"):
            self._set("ERRORS", errors)
            names = ", ".join(name for name, bit in registers.ERRORS.items() if errors >> bit & 1)
            what = f"loading {n:,} bytes of weights: none are loaded" if load else f"a call of {n} images"
            raise AcceleratorError(f"the accelerator reports {names} in {what}")

    def _stuck(self, source: str, sink: str, n: int, load: bool) -> str:
        if load:
            return stuck_load(self.timeout, source, n)
        return stuck(self.timeout, source, sink, n, self._get("LATENTS_IN"), self._get("IMAGES_OUT"))

    def _abort_after(self, error: AcceleratorError) -> None:
        """Abort, and keep both lines where that does not end either."""
        try:
            self.abort()
        except AcceleratorError as hang:
            raise AcceleratorError(f"{error}; {hang}") from None

    def _timed(self, n: int, call: Callable[[], Any]) -> Any:
        start = time.monotonic()
        result = call()
        seconds = time.monotonic() - start
        cycles = self._get("CYCLES_LO") | self._get("CYCLES_HI") << 32
        self.timing = {
            "images": n,
            "cycles": cycles,
            "seconds": seconds,
            "frames_per_second": n * self.clock_mhz * 1e6 / cycles if cycles else 0.0,
        }
        return result

    def _buffer(self, name: str, size: int) -> Buffer:
        """Memory that is kept from call to call, and grows."""
        if name not in self._buffers or len(self._buffers[name].array) < size:
            self._buffers.pop(name, None)  # free before the larger one is looked for
            self._buffers[name] = self.board.allocate(max(size, 4096))
        return self._buffers[name]

    def _address(self, name: str, address: int) -> None:
        self._set(f"{name}_LO", address & 0xFFFFFFFF)
        self._set(f"{name}_HI", address >> 32)

    def _format(self, name: str) -> Format:
        word = self._get(f"{name}_FORMAT")
        return Format(word >> 16, word & 0xFF, bool(word >> 8 & 1))

    def _float(self, name: str) -> float:
        return float(np.uint32(self._get(name)).view(np.float32))

    def _get(self, name: str) -> int:
        return self.board.read(registers.REGISTERS[name])

    def _set(self, name: str, value: int) -> None:
        self.board.write(registers.REGISTERS[name], value)
