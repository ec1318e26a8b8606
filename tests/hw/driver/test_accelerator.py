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


def test_no_progress_is_an_abort_and_one_line():
    board = Registers()
    accelerator = Accelerator(board, timeout=0.01)
    started = registers.BY_NAME["CONTROL"].offset
    board.write = lambda at, value: board.values.update(STATUS=value & 1) if at == started else None
    with pytest.raises(AcceleratorError, match=r"no progress for 0.01 s: 0 of 5 images are out"):
        accelerator.measure(5)
    assert board.values["STATUS"] == 0
