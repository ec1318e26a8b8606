# SPDX-License-Identifier: Apache-2.0
"""The C driver as a library for Python, its bus a board's."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import numpy as np
import pytest

from fpgan.hw import driver
from fpgan.hw.system.children import run
from fpgan.sim.compiled.board import SimulatedBoard

SOURCES = Path(driver.__file__).parent / "c"
(
    OK, NOT_THERE, OTHER_DESIGN, BAD_ARGUMENT, STUCK, HANGS, REPORTED, NO_WEIGHTS, BAD_WEIGHTS
) = range(9)  # fmt: skip
READ = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32)
WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)


class Bus(ctypes.Structure):
    _fields_ = [("read", READ), ("write", WRITE), ("context", ctypes.c_void_p)]


class State(ctypes.Structure):
    _fields_ = [
        ("bus", Bus), ("latent_bytes", ctypes.c_uint32), ("image_bytes", ctypes.c_uint32),
        ("max_images", ctypes.c_uint32), ("patience", ctypes.c_uint32), ("errors", ctypes.c_uint32),
        ("cycles", ctypes.c_uint64), ("weights_bytes", ctypes.c_uint32), ("weights", ctypes.c_uint32),
    ]  # fmt: skip


class CDriver:
    """fpgan.c as a library, its bus a simulated board's."""

    def __init__(self, library: Path, board: SimulatedBoard, design: int = 0) -> None:
        self.library, self.state = ctypes.CDLL(str(library)), State()
        self.bus = Bus(
            READ(lambda _, at: board.read(at)), WRITE(lambda _, at, word: board.write(at, word)), None
        )
        self.opened = self.library.fpgan_open(ctypes.byref(self.state), ctypes.byref(self.bus), design)
        self.state.patience = 2000

    def __call__(self, name: str, *arguments: object) -> int:
        return getattr(self.library, f"fpgan_{name}")(ctypes.byref(self.state), *arguments)

    def images(self, latents: np.ndarray) -> tuple[int, bytes]:
        out = ctypes.create_string_buffer(self.state.image_bytes * len(latents))
        return self("images", latents.astype(np.int8).tobytes(), out, len(latents)), out.raw

    def seeded(self, seed: int, label: int, count: int) -> tuple[int, bytes]:
        out = ctypes.create_string_buffer(self.state.image_bytes * count)
        return self("seeded", seed, label, out, count), out.raw


def compiled(folder: Path) -> Path:
    """Compiled for warnings as for a microcontroller: no warning may be left."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    flags = [
        "-std=c99",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-pedantic",
        "-Werror",
        "-shared",
        "-fPIC",
    ]
    path = folder / "fpgan.so"
    run(["gcc", *flags, str(SOURCES / "fpgan.c"), "-o", str(path)], folder, folder / "gcc.log", "compiling")
    return path
