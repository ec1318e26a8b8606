# SPDX-License-Identifier: Apache-2.0
"""Driver -> AXI -> accelerator -> AXI -> driver, on a simulated board: the driver that users run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator, AcceleratorError, random_latents
from fpgan.hw.host.emit import HostOptions, emit_host
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.host_bench import identity_host
from fpgan.sim.compiled.board import SimulatedBoard

pytestmark = pytest.mark.verilator
_WORDS = 8 * 1024  # of an image of the wide identity design: two bursts of 256 beats of 64 bits and more


@pytest.fixture(scope="session")
def tiny(build_preset, tmp_path_factory):
    """The preset `tiny` with its host interface, and PyTorch's 64 latents (N,Z) and images (N,H,W,C)."""
    build = build_preset("tiny", vectors=64, target_fps=150_000)
    host = emit_host(Design.load(build), tmp_path_factory.mktemp("host") / "host", HostOptions(bus="axi"))
    with np.load(build / "golden.npz") as data:
        return host, data["latent"][:, :, 0, 0], data["image"].transpose(0, 2, 3, 1)


@pytest.fixture(scope="session")
def labelled(tmp_path_factory):
    """Images that are latents of 8 elements, the last three of them a one-hot label."""
    options = HostOptions(bus="axi", classes=3, max_burst=64)
    return identity_host(tmp_path_factory.mktemp("labelled"), 8, 8, 1, options)


@pytest.mark.parametrize("memory", [True, False])
def test_64_images_are_those_of_pytorch(tiny, memory):
    """Free running, with pauses on every channel, and after bus errors: 0 mismatches."""
    host, latents, images = tiny
    with SimulatedBoard(host) as board:
        accelerator = Accelerator(board, design=host.identity)
        assert np.array_equal(accelerator.generate(latents, memory=memory), images)
        board.stall(0.3, seed=5)
        assert np.array_equal(accelerator.generate(latents, memory=memory), images)
        assert np.array_equal(accelerator.generate(latents * accelerator.latent_scale, memory=memory), images)
        if memory:
            board.fail(accelerator._buffers["images"].address + 1024, 3)
            with pytest.raises(AcceleratorError, match="WRITE_DECERR in a call of 64 images"):
                accelerator.generate(latents)
            board.fail(0, 0)
        assert accelerator.generate(latents[:0], memory=memory).shape == (0, 16, 16, 1)
        assert np.array_equal(accelerator.generate(latents, memory=memory), images)
        assert accelerator.timing["images"] == 64 and accelerator.timing["cycles"] > 64 * 256


def test_seeds_give_the_images_of_their_latents(tiny):
    host, _, _ = tiny
    with SimulatedBoard(host) as board:
        accelerator = Accelerator(board)
        low, _ = accelerator.latent_range
        latents = random_latents(9, 6, accelerator.latent_elements, 8, low, accelerator.latent_scale)
        images = accelerator.generate(latents)
        for memory in (True, False):
            assert np.array_equal(accelerator.generate(seed=9, n=6, memory=memory), images)
        accelerator.has_generator = False
        assert np.array_equal(accelerator.generate(seed=9, n=6), images)
        accelerator.has_generator = True
        timing = accelerator.measure(20)
        assert timing["images"] == 20 and 0 < timing["cycles"] / 20 < 1.2 * 1813


def test_labels(labelled):
    """On the chip and from the host: the same latents, with the label that is asked for."""
    with SimulatedBoard(labelled) as board:
        accelerator = Accelerator(board)
        plain = random_latents(4, 5, 5, 8, -128, 2.0**-5)
        for label in (2, 0, np.array([1, 2, 0, 0, 1]), None):
            code = np.eye(3, dtype=int)[np.arange(5) % 3 if label is None else label] * 127
            expected = np.concatenate([plain, np.broadcast_to(code, (5, 3))], axis=1)
            for given in ({"seed": 4, "n": 5}, {"latents": plain}):
                images = accelerator.generate(**given, label=label)
                assert np.array_equal(images.reshape(5, 8), expected)


def test_full_rate(labelled):
    """Reads and writes without a bubble, a word per cycle each, with a memory 60 cycles away."""
    with SimulatedBoard(labelled, latency=60) as board:
        accelerator = Accelerator(board)
        latents = np.random.default_rng(0).integers(-128, 128, (_WORDS, 8))
        assert np.array_equal(accelerator.generate(latents).reshape(-1, 8), latents)
        counts = board.counts()
        assert counts.words_read == counts.words_written == _WORDS
        assert counts.reads_outstanding >= 2
        assert accelerator.timing["cycles"] <= _WORDS + 250


def test_a_bus_that_hangs_is_one_line_and_a_reset_recovers(labelled):
    latents = np.arange(80).reshape(10, 8)
    with SimulatedBoard(labelled) as board:
        accelerator = Accelerator(board)
        accelerator.timeout = 0.3
        board.hang(True)
        with pytest.raises(
            AcceleratorError,
            match=r"the memory.s read channel, for latents; .*: the bus hangs; reset",
        ):
            accelerator.generate(latents)
        board.hang(False)
        assert np.array_equal(Accelerator(board).generate(latents).reshape(10, 8), latents)
        board.hang(True)
        with pytest.raises(AcceleratorError):
            accelerator.generate(latents)
        board.reset()
        board.hang(False)
        assert np.array_equal(Accelerator(board).generate(latents).reshape(10, 8), latents)


def test_reads_from_nowhere_are_reported(labelled):
    latents = np.arange(80).reshape(10, 8)
    with SimulatedBoard(labelled) as board:
        accelerator = Accelerator(board)
        accelerator.generate(latents)
        buffer = accelerator._buffers["latents"]
        board.fail(buffer.address, 2)
        with pytest.raises(AcceleratorError, match="reports READ_SLVERR in a call of 10 images"):
            accelerator.generate(latents)
        board.fail(0, 0)
        assert np.array_equal(accelerator.generate(latents).reshape(10, 8), latents)


def test_a_broken_rule_of_axi_is_found(labelled, tmp_path):
    """The simulated memory checks what it is asked: here, where a burst ends."""
    root = tmp_path / "host"
    root.mkdir()
    for path in labelled.root.iterdir():
        if path.is_file():
            (root / path.name).write_bytes(path.read_bytes())
    source = (root / "axi_write.sv").read_text()
    assert source.count("left_q == 1;") == 1
    (root / "axi_write.sv").write_text(source.replace("left_q == 1;", "left_q == 2;"))
    with SimulatedBoard(replace(labelled, root=root)) as board:
        accelerator = Accelerator(board)
        with pytest.raises(ToolError, match="wlast is not at the burst's end"):
            accelerator.generate(np.zeros((2000, 8), int))
