# SPDX-License-Identifier: Apache-2.0
"""The C driver on the simulated board: PyTorch's pixels, and a code for whatever is wrong."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from c_driver import BAD_ARGUMENT, HANGS, NOT_THERE, OK, OTHER_DESIGN, REPORTED, STUCK, CDriver, compiled

from fpgan.hw import driver
from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator
from fpgan.hw.host.emit import HostOptions, emit_host
from fpgan.sim.benches.host_bench import identity_host
from fpgan.sim.compiled.board import SimulatedBoard

pytestmark = pytest.mark.verilator  # and gcc


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("c"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Images that are latents of 6 bytes, the last two of them a one-hot label; beats of 3 bytes."""
    return identity_host(
        tmp_path_factory.mktemp("labelled"), 3, 2, 3, HostOptions(bus="axi", classes=2, data_bits=32)
    )


def test_images_are_those_of_pytorch(library, build_preset, tmp_path):
    build = build_preset("tiny", vectors=64, target_fps=150_000)
    host = emit_host(Design.load(build), tmp_path / "host", HostOptions(bus="axi"))
    with np.load(build / "golden.npz") as data:
        latents, images = data["latent"][:5, :, 0, 0], data["image"][:5].transpose(0, 2, 3, 1)
    with SimulatedBoard(host) as board:
        c = CDriver(library, board, host.identity)
        assert c.opened == OK
        board.stall(0.3, seed=5)
        assert c.images(latents) == (OK, images.astype(np.int8).tobytes())
        assert c.state.cycles > 5 * 256
        ours = Accelerator(board).generate(seed=77, n=3, memory=False)
        assert c.seeded(77, 0, 3) == (OK, ours.astype(np.int8).tobytes())


def test_words_that_are_no_whole_beats(library, labelled):
    """18 bytes, then 30: the last word of either window is a part of one."""
    with SimulatedBoard(labelled) as board:
        c = CDriver(library, board)
        for count in (3, 5, 0, 700):
            latents = np.random.default_rng(count).integers(-128, 128, (count, 6))
            assert c.images(latents) == (OK, latents.astype(np.int8).tobytes())
        status, images = c.seeded(9, 1, 2)
        ours = Accelerator(board).generate(seed=9, n=2, label=1, memory=False)
        assert status == OK and images == ours.astype(np.int8).tobytes()


def test_by_memory(library, labelled):
    with SimulatedBoard(labelled) as board:
        c, source, sink = CDriver(library, board), board.allocate(60), board.allocate(60)
        source.array[:] = np.arange(60)
        source.flush()
        assert c("by_memory", ctypes.c_uint64(source.address), ctypes.c_uint64(sink.address), 10) == OK
        sink.invalidate()
        assert sink.array.tolist() == list(range(60))
        board.fail(sink.address, 3)
        assert c("by_memory", ctypes.c_uint64(source.address), ctypes.c_uint64(sink.address), 10) == REPORTED
        assert c.state.errors == 1 << driver.registers.ERRORS["WRITE_DECERR"]
        board.fail(0, 0)
        board.hang(True)
        assert c("by_memory", ctypes.c_uint64(source.address), ctypes.c_uint64(sink.address), 10) == HANGS


def test_what_is_wrong_is_a_code(library, labelled):
    with SimulatedBoard(labelled) as board:
        assert CDriver(library, board, labelled.identity ^ 1).opened == OTHER_DESIGN
        c = CDriver(library, board, labelled.identity)
        assert c.seeded(1, 2, 1)[0] == BAD_ARGUMENT  # there are labels 0 and 1
        assert c("images", None, None, ctypes.c_uint32(c.state.max_images + 1)) == BAD_ARGUMENT
        real = board.read
        board.read = lambda at: 0 if at == driver.registers.REGISTERS["OUT_LEVEL"] else real(at)
        assert c.images(np.zeros((700, 6)))[0] == STUCK
        board.read = lambda at: 0x12345678 if at == 0 else real(at)
        assert CDriver(library, board).opened == NOT_THERE


class Recorder:
    """Registers of a design with a memory master, in which every call ends at once."""

    def __init__(self):
        names = {
            "ID": driver.registers.ID,
            "VERSION": driver.registers.VERSION,
            "FEATURES": 8,
            "MAX_IMAGES": 9,
        }
        self.values = {driver.registers.REGISTERS[name]: value for name, value in names.items()}
        self.written = {}

    def read(self, at):
        return self.values.get(at, 0)

    def write(self, at, word):
        self.written[at] = word


def test_addresses_beyond_4_gib_reach_their_registers_whole(library):
    """A lost upper half would read and write elsewhere. MAX_IMAGES images are one call, no more."""
    board, at = Recorder(), driver.registers.REGISTERS
    c = CDriver(library, board)
    places = ctypes.c_uint64(0x5_0123_4000), ctypes.c_uint64(0xFEDC_8765_4000)
    assert c("by_memory", *places, 9) == OK
    halves = [board.written[at[name]] for name in ("SOURCE_HI", "SOURCE_LO", "DEST_HI", "DEST_LO")]
    assert halves == [5, 0x0123_4000, 0xFEDC, 0x8765_4000]
    assert c("by_memory", *places, 10) == BAD_ARGUMENT
