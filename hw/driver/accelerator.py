# SPDX-License-Identifier: Apache-2.0
"""Runs an FPGAN accelerator on a board: one file that needs numpy alone, and uses pynq where it is installed.

board = open_board("fpgan.bit", address=0x43C00000)
accelerator = Accelerator(board)
images = accelerator.generate(seed=1, n=64)  # (64,H,W,C) integers, worth accelerator.image_scale each
print(accelerator.timing)
"""

from __future__ import annotations

import math
import mmap
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]

# The register map, generated from hw/host/registers.py.
_ID, _VERSION = 0x4650474E, 0x00010000
_IN_WINDOW, _OUT_WINDOW, _WINDOW_BYTES = 0x1000, 0x2000, 0x1000
_CONTROL_START = 0
_CONTROL_ABORT = 1
_CONTROL_RESEED = 2
_CONTROL_SOURCE = 4
_CONTROL_SINK = 6
_REGISTERS = {
    "ID": 0x00, "VERSION": 0x04, "DESIGN": 0x08, "FEATURES": 0x0C,
    "LATENT_ELEMENTS": 0x10, "LATENT_FORMAT": 0x14, "LATENT_SCALE": 0x18, "LATENT_BEATS": 0x1C,
    "IMAGE_SHAPE": 0x20, "IMAGE_FORMAT": 0x24, "IMAGE_SCALE": 0x28, "IMAGE_BEATS": 0x2C,
    "CLASSES": 0x30, "CLOCK_KHZ": 0x34, "WINDOW_WORDS": 0x38, "MAX_IMAGES": 0x3C,
    "CONTROL": 0x40, "STATUS": 0x44, "ERRORS": 0x48, "IRQ_ENABLE": 0x4C,
    "IRQ_STATUS": 0x50, "IMAGES": 0x54, "LATENTS_IN": 0x58, "IMAGES_OUT": 0x5C,
    "IN_SPACE": 0x60, "OUT_LEVEL": 0x64, "CYCLES_LO": 0x68, "CYCLES_HI": 0x6C,
    "SOURCE_LO": 0x70, "SOURCE_HI": 0x74, "DEST_LO": 0x78, "DEST_HI": 0x7C,
    "SEED_0": 0x80, "SEED_1": 0x84, "SEED_2": 0x88, "SEED_3": 0x8C,
    "LABEL": 0x90,
}  # fmt: skip
_ERRORS = {
    "OVERFLOW": 0x00, "UNDERFLOW": 0x01, "ACCESS": 0x02, "REFUSED": 0x03,
    "READ_SLVERR": 0x04, "READ_DECERR": 0x05, "WRITE_SLVERR": 0x06, "WRITE_DECERR": 0x07,
}  # fmt: skip
_SOURCES = {
    "WINDOW": 0x00, "DMA": 0x01, "GENERATOR": 0x02,
}  # fmt: skip
_SINKS = {
    "WINDOW": 0x00, "DMA": 0x01, "NONE": 0x02,
}  # fmt: skip
# End of the register map.

_SPAN = 0x4000  # bytes of the registers and windows
_PAUSE = 50e-6  # seconds between two looks at the accelerator

# System level control registers of a Zynq-7000 (UG585): address, offsets, fields, and what (un)locks them.
_SLCR, _IO_PLL, _FCLK0 = 0xF800_0000, 0x108, 0x170
_LOCK, _UNLOCK = (0x004, 0x767B), (0x008, 0xDF0D)
_PLL_BYPASS = 1 << 4
_FCLK0_FIELDS = 0x3F << 20 | 0x3F << 8 | 3 << 4  # second divisor, first, source
_DIVISORS = range(1, 64)
_CLOCK_ROUNDING = 1e-4  # of an oscillator's frequency as it is written


class Format(NamedTuple):
    """Of a stream: elements per beat, bits of one, whether it is signed."""

    elements: int
    bits: int
    signed: bool

    @property
    def beat_bytes(self) -> int:
        return -(-self.elements * self.bits // 8)


class AcceleratorError(RuntimeError):
    """The accelerator reported an error or does not answer; one line."""


class NoMemoryError(AcceleratorError):
    """There is no memory that processor and accelerator share."""


class Buffer(Protocol):
    """Memory for both sides. address: the accelerator's. array: the processor's view of it, uint8."""

    address: int
    array: Bytes

    def flush(self) -> None:
        """Let the accelerator see what the processor wrote."""

    def invalidate(self) -> None:
        """Let the processor see what the accelerator wrote."""


class Board(Protocol):
    """What the driver needs: registers and, for a design with a memory master, memory."""

    def read(self, offset: int) -> int:
        """The register at a byte offset."""

    def write(self, offset: int, value: int) -> None:
        """Write the register at a byte offset."""

    def read_words(self, offset: int, count: int) -> Words:
        """`count` words of a window."""

    def write_words(self, offset: int, words: Words) -> None:
        """Words into a window."""

    def allocate(self, size: int) -> Buffer:
        """Memory of `size` bytes. AcceleratorError where there is none."""

    def pause(self, seconds: float) -> None:
        """Let that much time pass."""


def pack(values: IntArray, elements: int, bits: int) -> Bytes:
    """Integers (any shape, N*`elements` of them) -> bytes (N words, bytes per word), two's complement."""
    rows = values.reshape(-1, elements) & ((1 << bits) - 1)
    if bits == 8:
        return rows.astype(np.uint8)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    return np.packbits(planes.reshape(rows.shape[0], -1).astype(np.uint8), axis=1, bitorder="little")


def unpack(data: Bytes, elements: int, bits: int, signed: bool) -> IntArray:
    """Bytes (words, bytes per word) -> integers (words * elements)."""
    if bits == 8:
        return (data.view(np.int8) if signed else data).astype(np.int64).reshape(-1)
    planes = np.unpackbits(data, axis=1, bitorder="little")[:, : elements * bits]
    values = planes.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits, dtype=np.int64))
    return np.where(values >> (bits - 1) & 1, values - (1 << bits), values) if signed else values


def latent_table(bits: int, low: int, scale: float) -> IntArray:
    """2^32 * P(a standard normal number quantizes to k or less), k = low .. low + 2^bits - 2, in 32 bits."""
    steps = (np.arange(low, low + 2**bits - 1) + 0.5) * scale
    table = [round(2**31 * math.erfc(-x / math.sqrt(2))) for x in steps]
    return np.minimum(np.array(table, np.int64), 2**32 - 1)


def seed_state(seed: int) -> tuple[int, int, int, int]:
    """A state of the generator for any seed: four words of SplitMix32."""
    words, state = [], seed & 0xFFFFFFFF
    for _ in range(4):
        state = (state + 0x9E3779B9) & 0xFFFFFFFF
        z = ((state ^ state >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
        z = ((z ^ z >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
        words.append(z ^ z >> 16)
    return words[0], words[1], words[2], words[3]


def xoshiro128pp(state: tuple[int, int, int, int], count: int) -> IntArray:
    """The next `count` words of xoshiro128++ (Blackman and Vigna, 2021), 32 bits each."""
    a, b, c, d = state
    mask, words = 0xFFFFFFFF, np.empty(count, np.int64)
    for i in range(count):
        x = (a + d) & mask
        words[i] = ((x << 7 & mask | x >> 25) + a) & mask
        t = b << 9 & mask
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= t
        d = d << 11 & mask | d >> 21
    return words


def random_latents(seed: int, n: int, elements: int, bits: int, low: int, scale: float) -> IntArray:
    """What the accelerator's generator makes: (n, elements) normal numbers, quantized to integers."""
    words = xoshiro128pp(seed_state(seed), n * elements)
    return (np.searchsorted(latent_table(bits, low, scale), words, side="right") + low).reshape(n, elements)


class Accelerator:
    """An accelerator behind its registers.

    latent_elements (the label's among them), classes, image_shape (H,W,C), latent_scale and image_scale (of
    one step), clock_mhz say what it is; timing says how long the last call took.
    """

    def __init__(self, board: Board, design: int | None = None, timeout: float = 10.0) -> None:
        """design: what the register DESIGN must read. timeout: seconds without progress that count as a hang.

        AcceleratorError where something else, or another version, is loaded.
        """
        self.board, self.timeout, self.timing = board, timeout, dict[str, float]()
        self._buffers: dict[str, Buffer] = {}
        found = [self._get(name) for name in ("ID", "VERSION", "DESIGN")]
        if found[0] != _ID:
            raise AcceleratorError(
                f"ID reads 0x{found[0]:08X}, not 0x{_ID:08X}: no FPGAN accelerator is there"
            )
        if found[1] >> 16 != _VERSION >> 16:
            raise AcceleratorError(f"interface version 0x{found[1]:08X}; this driver is for 0x{_VERSION:08X}")
        if design is not None and found[2] != design:
            raise AcceleratorError(f"design 0x{found[2]:08X} is loaded, not 0x{design:08X}")
        features, shape = self._get("FEATURES"), self._get("IMAGE_SHAPE")
        self.memory_bytes, self.has_generator = features & 0xFF, bool(features >> 8 & 1)
        self.latent_elements, self.classes = self._get("LATENT_ELEMENTS"), self._get("CLASSES")
        self.image_shape = (shape >> 8 & 0xFFF, shape >> 20, shape & 0xFF)
        self.latent_scale, self.image_scale = self._float("LATENT_SCALE"), self._float("IMAGE_SCALE")
        self.clock_mhz, self.max_images = self._get("CLOCK_KHZ") / 1000, self._get("MAX_IMAGES")
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
        the same images, whether the accelerator or this file makes the latents.

        ValueError for bad arguments, AcceleratorError for what the accelerator reports.
        """
        memory = self.memory_bytes > 0 if memory is None else memory
        if memory and not self.memory_bytes:
            raise ValueError("memory=True: this design has no memory master")
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

    def abort(self) -> None:
        """End whatever is under way and forget it. AcceleratorError if the memory does not answer."""
        self._set("CONTROL", 1 << _CONTROL_ABORT)
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

    def _seed(self, seed: int, label: IntArray) -> None:
        for i, word in enumerate(seed_state(seed)):
            self._set(f"SEED_{i}", word)
        self._set("LABEL", int(label[0]))

    def _through_windows(self, source: str, data: Bytes, size: int, n: int) -> Bytes:
        """One call by the windows; `data` in, `size` bytes out."""
        words = np.frombuffer(data.tobytes() + bytes(-len(data) % 4), "<u4")
        parts, sent, left = list[Words](), 0, -(-size // 4)

        def move() -> bool:
            nonlocal sent, left
            room = min(self._get("IN_SPACE"), _WINDOW_BYTES // 4) if sent < len(words) else 0
            level = min(self._get("OUT_LEVEL"), _WINDOW_BYTES // 4) if left else 0
            if room:
                self.board.write_words(_IN_WINDOW, words[sent : sent + room])
            if level:
                parts.append(self.board.read_words(_OUT_WINDOW, level))
            sent, left = sent + room, left - level
            return room + level > 0

        self._run(source, "WINDOW", n, move)
        while left and move():  # the last words may have come with the end of the call
            pass
        return np.frombuffer(b"".join(part.astype("<u4").tobytes() for part in parts), np.uint8)[:size]

    def _through_memory(self, source: str, data: Bytes, size: int, n: int) -> Bytes:
        """One call by the memory master; `data` in, `size` bytes out."""
        images = self._buffer("images", size)
        if source == "DMA":
            latents = self._buffer("latents", len(data))
            latents.array[: len(data)] = data
            latents.flush()
            self._address("SOURCE", latents.address)
        self._address("DEST", images.address)
        self._run(source, "DMA", n, lambda: False)
        images.invalidate()
        return images.array[:size].copy()

    def _run(self, source: str, sink: str, n: int, move: Callable[[], bool]) -> None:
        """Start a call, `move` until it has ended. AcceleratorError for a hang or a reported error."""
        self._set("IMAGES", n)
        fields = _SOURCES[source] << _CONTROL_SOURCE | _SINKS[sink] << _CONTROL_SINK
        try:
            self._set("CONTROL", fields | 1 << _CONTROL_RESEED | 1 << _CONTROL_START)
            seen, since = -1, time.monotonic()
            while self._get("STATUS"):
                done = self._get("IMAGES_OUT")
                if move() or done != seen:
                    seen, since = done, time.monotonic()
                elif time.monotonic() - since > self.timeout:
                    raise AcceleratorError(
                        f"no progress for {self.timeout:g} s: {done} of {n} images are out"
                    )
                else:
                    self.board.pause(_PAUSE)
        except BaseException:
            self.abort()
            raise
        if errors := self._get("ERRORS"):
            self._set("ERRORS", errors)
            names = ", ".join(name for name, bit in _ERRORS.items() if errors >> bit & 1)
            raise AcceleratorError(f"the accelerator reports {names} in a call of {n} images")

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
        return self.board.read(_REGISTERS[name])

    def _set(self, name: str, value: int) -> None:
        self.board.write(_REGISTERS[name], value)


class MappedBoard:
    """Registers at a physical address (/dev/mem) or of a UIO device, memory of pynq or u-dma-buf."""

    def __init__(self, address: int = 0, device: str = "/dev/mem") -> None:
        """address: of the registers, 0 with a UIO device. AcceleratorError where it cannot be mapped."""
        try:
            file = os.open(device, os.O_RDWR | os.O_SYNC)
            self._map = mmap.mmap(file, _SPAN, offset=address)
            os.close(file)
        except (OSError, ValueError) as error:
            raise AcceleratorError(
                f"{device} at 0x{address:X}: cannot be mapped ({error}); are you root?"
            ) from None
        self._words = np.frombuffer(self._map, np.uint32)

    def read(self, offset: int) -> int:
        return int(self._words[offset // 4])

    def write(self, offset: int, value: int) -> None:
        self._words[offset // 4] = value

    # One word at a time: what a block copy does on a device's memory is up to the C library.
    def read_words(self, offset: int, count: int) -> Words:
        words, at = self._words, offset // 4
        return np.fromiter((words[at] for _ in range(count)), np.uint32, count)

    def write_words(self, offset: int, words: Words) -> None:
        for word in words:
            self._words[offset // 4] = word

    def allocate(self, size: int) -> Buffer:
        try:
            from pynq import allocate
        except ImportError:
            return DmaBuffer(size)
        return PynqBuffer(allocate((size,), dtype=np.uint8))

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class PynqBuffer:
    """Memory that pynq allocates."""

    def __init__(self, memory: Any) -> None:
        self.memory, self.address, self.array = memory, int(memory.device_address), memory

    def flush(self) -> None:
        self.memory.flush()

    def invalidate(self) -> None:
        self.memory.invalidate()


class DmaBuffer:
    """Memory of the u-dma-buf kernel module, opened uncached."""

    _used = 0  # bytes of the device that earlier buffers took

    def __init__(self, size: int, name: str = "udmabuf0") -> None:
        folder, size = Path("/sys/class/u-dma-buf") / name, -(-size // 4096) * 4096
        try:
            start, whole = int((folder / "phys_addr").read_text(), 16), int((folder / "size").read_text())
            if DmaBuffer._used + size > whole:
                raise AcceleratorError(f"/dev/{name} has {whole} bytes; {DmaBuffer._used + size} are needed")
            file = os.open(f"/dev/{name}", os.O_RDWR | os.O_SYNC)
            self._map = mmap.mmap(file, size, offset=DmaBuffer._used)
            os.close(file)
        except OSError:
            raise NoMemoryError(
                f"no memory: neither pynq nor /dev/{name} is there; use memory=False"
            ) from None
        self.address, self.array = start + DmaBuffer._used, np.frombuffer(self._map, np.uint8)
        DmaBuffer._used += size

    def flush(self) -> None:
        pass

    def invalidate(self) -> None:
        pass


def open_board(
    bitstream: str | Path | None = None,
    address: int = 0x43C0_0000,
    device: str = "/dev/mem",
    clock_mhz: float | None = None,
    ps_clock_mhz: float = 100 / 3,
) -> MappedBoard:
    """Load a bitstream, if one is given, and map the registers (see MappedBoard).

    clock_mhz: of the design, to set FCLK0 of a Zynq-7000 to (see set_clock) where loading does not, as pynq
    does by a .hwh; left out, FCLK0 stays as it is. ps_clock_mhz: of the board's oscillator.
    """
    path = None if bitstream is None else Path(bitstream)
    if clock_mhz is not None and not (path and _has_clocks(path)):
        set_clock(clock_mhz, ps_clock_mhz)
    if path is not None:
        load_bitstream(path)
    return MappedBoard(address, device)


class Slcr(Protocol):
    """The system level control registers of a Zynq-7000, by byte offset."""

    def read(self, offset: int) -> int:
        """A register."""

    def write(self, offset: int, value: int) -> None:
        """Write a register."""


def clock_divisors(source_mhz: float, mhz: float) -> tuple[int, int]:
    """Both divisors, 1 to 63, of the fastest clock that is not above `mhz`. ValueError where all are."""
    most = mhz * (1 + _CLOCK_ROUNDING)
    pairs = [(a, b) for a in _DIVISORS for b in range(1, a + 1) if source_mhz <= most * a * b]
    if not pairs:
        raise ValueError(f"a clock of {mhz:g} MHz: {source_mhz / _DIVISORS[-1] ** 2:.3g} MHz is the slowest")
    return min(pairs, key=lambda pair: (pair[0] * pair[1], pair[0]))


def set_clock(mhz: float, ps_clock_mhz: float = 100 / 3, slcr: Slcr | None = None) -> float:
    """Set FCLK0 of a Zynq-7000 to the nearest clock not above `mhz`; returns that clock in MHz.

    By pynq where it is installed, else by the registers in /dev/mem (UG585), from the IO PLL, whose clock is
    ps_clock_mhz times its feedback divisor. slcr: those registers. ValueError for a clock that is too slow,
    AcceleratorError where the registers cannot be mapped or do not keep what is written.
    """
    if slcr is None:
        try:
            from pynq import Clocks
        except ImportError:
            slcr = MappedBoard(_SLCR)
        else:
            return _set_by_pynq(Clocks, mhz)
    control = slcr.read(_IO_PLL)
    source = ps_clock_mhz * (1 if control & _PLL_BYPASS else control >> 12 & 0x7F)
    first, second = clock_divisors(source, mhz)
    word = slcr.read(_FCLK0) & ~_FCLK0_FIELDS | first << 8 | second << 20  # of the IO PLL
    slcr.write(*_UNLOCK)
    slcr.write(_FCLK0, word)
    slcr.write(*_LOCK)
    if slcr.read(_FCLK0) != word:
        raise AcceleratorError(f"FCLK0 reads 0x{slcr.read(_FCLK0):08X} where 0x{word:08X} was written")
    return source / first / second


def _set_by_pynq(clocks: Any, mhz: float) -> float:
    """pynq takes the nearest clock, which may be above: ask for less until it is not."""
    for percent in range(100, 0, -1):
        clocks.fclk0_mhz = mhz * percent / 100
        if clocks.fclk0_mhz <= mhz * (1 + _CLOCK_ROUNDING):
            return float(clocks.fclk0_mhz)
    raise AcceleratorError(f"pynq sets no clock of {mhz:g} MHz or less")


def _has_clocks(bitstream: Path) -> bool:
    """Whether loading sets the clocks: pynq does, by a .hwh."""
    try:
        import pynq  # noqa: F401
    except ImportError:
        return False
    return bitstream.with_suffix(".hwh").exists()


def load_bitstream(path: Path) -> None:
    """Load a .bit file by pynq, clocks included where its .hwh lies beside it, else by Linux' FPGA manager.

    AcceleratorError where it does not load.
    """
    try:
        from pynq import Bitstream, Overlay
    except ImportError:
        _load_by_manager(path)
        return
    if path.with_suffix(".hwh").exists():
        Overlay(str(path))
    else:
        Bitstream(str(path)).download()


def _load_by_manager(path: Path, root: Path = Path("/")) -> None:
    manager, name = root / "sys/class/fpga_manager/fpga0", f"{path.stem}.bin"
    try:
        (root / "lib/firmware" / name).write_bytes(bit_to_bin(path.read_bytes()))
        (manager / "flags").write_text("0")
        (manager / "firmware").write_text(name)
        state = (manager / "state").read_text().strip()
    except OSError as error:
        raise AcceleratorError(f"{path}: cannot be loaded ({error}); are you root?") from None
    if state != "operating":
        raise AcceleratorError(f"{path}: the FPGA manager is in state {state!r} after loading it")


def bit_to_bin(bit: bytes) -> bytes:
    """What the FPGA manager of a Zynq takes: the words of a .bit file without its header, bytes swapped."""
    at = 13  # behind a field of 9 bytes and its frame
    while len(bit) > at and bit[at : at + 1] in (b"a", b"b", b"c", b"d"):
        at += 3 + int.from_bytes(bit[at + 1 : at + 3], "big")
    size = int.from_bytes(bit[at + 1 : at + 5], "big")
    data = bit[at + 5 : at + 5 + size]
    if bit[at : at + 1] != b"e" or len(data) != size or size % 4:
        raise ValueError("no bitstream: its header is not that of a .bit file, or it is cut short")
    return np.frombuffer(data, ">u4").astype("<u4").tobytes()
