# SPDX-License-Identifier: Apache-2.0
"""The accelerator's calls on constant registers: one line for whatever is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.driver import Accelerator, AcceleratorError
from fpgan.hw.host import registers


class Registers:
    """A board of constant registers that ends every call at once and has no memory."""

    def __init__(self, **values):
        self.values = {
            "ID": registers.ID_WORD, "VERSION": registers.VERSION_WORD, "DESIGN": 0x1234, "FEATURES": 0x100,
            "LATENT_ELEMENTS": 6, "LATENT_FORMAT": 0x10108, "LATENT_SCALE": 0x3D000000, "LATENT_BEATS": 6,
            "IMAGE_SHAPE": 2 << 20 | 3 << 8 | 1, "IMAGE_FORMAT": 0x10108, "IMAGE_SCALE": 0x3C000000,
            "IMAGE_BEATS": 6, "CLASSES": 0, "CLOCK_KHZ": 100_000, "MAX_IMAGES": 1000, "CYCLES_LO": 10,
        } | values  # fmt: skip
        self.written = []

    def read(self, offset):
        return self.values.get(registers.REGISTERS[offset // 4].name, 0)

    def write(self, offset, value):
        self.written.append((registers.REGISTERS[offset // 4].name, value))

    def pause(self, seconds):
        pass

    def allocate(self, size):
        raise AcceleratorError("no memory")


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ({"ID": 0}, {}, "ID reads 0x00000000, not 0x4650474E"),
        ({"VERSION": 0x20000}, {}, "interface version 0x00020000; this driver is for 0x00010000"),
        ({}, {"design": 0x99}, "design 0x00001234 is loaded, not 0x00000099"),
        ({"STATUS": 3}, {"timeout": 0.01}, "the bus hangs; reset the board"),
    ],
)
def test_wrong_accelerator_is_one_line(values, arguments, message):
    with pytest.raises(AcceleratorError, match=message):
        Accelerator(Registers(**values), **arguments)


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ({}, {}, "either latents or a seed"),
        ({}, {"seed": 1, "n": -1}, "-1 images: one call makes 0 to 1000"),
        ({}, {"seed": 1, "n": 1001}, "1001 images"),
        ({}, {"latents": np.zeros((1001, 6), int)}, "1001 images"),
        ({}, {"seed": 1, "memory": True}, "no memory master"),
        ({}, {"seed": 1, "label": 1}, "no classes"),
        ({"CLASSES": 2}, {"seed": 1, "label": 2}, "label 2 to 2: must be 0 to 1"),
        ({"CLASSES": 2}, {"latents": np.zeros((3, 6), int), "label": 1}, "the latents hold theirs"),
        ({}, {"latents": np.zeros((3, 5), int)}, r"shape \(3, 5\): \(N,6\) is expected"),
        ({}, {"latents": np.full((1, 6), 128)}, "latents of 128 to 128: must be -128 to 127"),
    ],
)
def test_bad_arguments_are_one_line(values, arguments, message):
    with pytest.raises(ValueError, match=message):
        Accelerator(Registers(**values)).generate(**arguments)


def test_reported_errors_are_named_and_cleared():
    board = Registers()
    accelerator = Accelerator(board)
    board.values["ERRORS"] = registers.encode("ERRORS", READ_DECERR=1, OVERFLOW=1)
    with pytest.raises(AcceleratorError, match="OVERFLOW, READ_DECERR in a call of 5 images"):
        accelerator.measure(5)
    assert board.written[-1] == ("ERRORS", board.values["ERRORS"])


@pytest.mark.parametrize(
    ("counts", "source", "sink", "waits"),
    [
        ({}, "GENERATOR", "NONE", "the generator of latents"),
        ({"LATENTS_IN": 3, "IMAGES_OUT": 3}, "DMA", "DMA", "the memory's read channel, for latents"),
        ({"LATENTS_IN": 4, "IMAGES_OUT": 3}, "DMA", "DMA", "the memory's write channel, for images"),
        ({"LATENTS_IN": 5, "IMAGES_OUT": 5}, "DMA", "DMA", "the memory's write channel, for images"),
        (
            {"LATENTS_IN": 2, "IMAGES_OUT": 2},
            "WINDOW",
            "WINDOW",
            "the input window, for the driver's latents",
        ),
        (
            {"LATENTS_IN": 3, "IMAGES_OUT": 2},
            "WINDOW",
            "WINDOW",
            "the output window, for images",
        ),
        ({"LATENTS_IN": 3, "IMAGES_OUT": 2}, "GENERATOR", "NONE", "the accelerator, for its images"),
    ],
)
def test_no_progress_is_an_abort_and_one_line(counts, source, sink, waits):
    """It names the channel that waits, by what went in and came out."""
    board = Registers(**counts)
    accelerator = Accelerator(board, timeout=0.01)
    started = registers.BY_NAME["CONTROL"].offset
    board.write = lambda at, value: board.values.update(STATUS=value & 1) if at == started else None
    latents, images = counts.get("LATENTS_IN", 0), counts.get("IMAGES_OUT", 0)
    line = f"no progress for 0.01 s: {images} of 5 images are out, {latents} latents are in; "
    line += f"what waits is {waits}"
    with pytest.raises(AcceleratorError, match=f"^{line}$"):
        accelerator._run(source, sink, 5, lambda: False)
    assert board.values["STATUS"] == 0


def test_an_abort_that_hangs_keeps_the_first_line():
    board = Registers()
    accelerator = Accelerator(board, timeout=0.01)
    board.values["STATUS"] = 1
    with pytest.raises(
        AcceleratorError, match=r"^no progress for .*; a memory transfer does not end: the bus h"
    ):
        accelerator.measure(5)


def test_memory_that_grows_is_free_before_the_larger_is_asked_for():
    """A device with room for one of them would be full."""
    held = []

    class Buffer:
        def __init__(self, size):
            assert not held
            self.array = np.zeros(size, np.uint8)
            held.append(size)

        def __del__(self):
            held.remove(len(self.array))

    board = Registers()
    board.allocate = Buffer
    accelerator = Accelerator(board)
    assert accelerator._buffer("images", 5000) is accelerator._buffer("images", 4000)
    assert len(accelerator._buffer("images", 9000).array) == 9000


class Memory:
    """A buffer at an address, without a memory behind it."""

    def __init__(self, address, size):
        self.address, self.array = address, np.zeros(size, np.uint8)

    def flush(self):
        pass

    def invalidate(self):
        pass


def test_buffers_beyond_4_gib_are_addressed_whole():
    """Both halves of both addresses reach their registers: a lost upper half would write elsewhere."""
    board, places = Registers(FEATURES=8), iter([0x5_0123_4000, 0xFEDC_8765_4000])
    board.allocate = lambda size: Memory(next(places), size)
    Accelerator(board).generate(np.zeros((2, 6), int))
    halves = {name: value for name, value in board.written if name[:-3] in ("SOURCE", "DEST")}
    assert halves == {
        "DEST_LO": 0x0123_4000, "DEST_HI": 5, "SOURCE_LO": 0x8765_4000, "SOURCE_HI": 0xFEDC
    }  # fmt: skip


class Windows(Registers):
    """Windows with more room than their addresses have; once 1500 words are in, they come out as images."""

    def __init__(self, **values):
        super().__init__(**values)
        self.held, self.moves = np.zeros(0, np.uint32), []

    def read(self, offset):
        self.full |= len(self.held) == 1500
        left = {
            "OUT_LEVEL": len(self.held) * self.full,
            "STATUS": int(bool(self.running) or len(self.held) > 0),
        }
        return left.get(registers.REGISTERS[offset // 4].name, super().read(offset))

    running = full = False

    def write(self, offset, value):
        if registers.REGISTERS[offset // 4].name == "CONTROL":
            self.running = bool(value & 1)

    def write_words(self, offset, words):
        self.moves.append((offset, len(words)))
        self.held, self.running = np.concatenate([self.held, words]), False

    def read_words(self, offset, count):
        self.moves.append((offset, count))
        taken, self.held = self.held[:count], self.held[count:]
        return taken


def test_no_move_is_longer_than_a_window():
    """A window has 4 KiB of addresses, however many words wait behind it; MAX_IMAGES images are one call."""
    board = Windows(IN_SPACE=5000)
    latents = np.arange(6000).reshape(1000, 6) % 100
    images = Accelerator(board).generate(latents, memory=False)
    assert np.array_equal(images.reshape(1000, 6), latents)
    window = registers.WINDOW_BYTES // 4
    assert {offset for offset, _ in board.moves} == {registers.IN_WINDOW, registers.OUT_WINDOW}
    assert max(count for _, count in board.moves) == window < len(latents) * 6 // 4
