# SPDX-License-Identifier: Apache-2.0
"""Weights that the host loads, by memory and by registers, in Python and C, and whatever goes wrong."""

from __future__ import annotations

import ctypes
import shutil

import numpy as np
import onnx
import pytest
from c_driver import BAD_ARGUMENT, BAD_WEIGHTS, NO_WEIGHTS, OK, REPORTED, CDriver, compiled
from deployed_modules import load
from loaded_networks import network

from fpgan.build.flow import build
from fpgan.build.implement.bitstream import bitstream, vivado
from fpgan.build.new_weights import weights
from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator, AcceleratorError
from fpgan.hw.driver.formats import pack
from fpgan.hw.host import registers
from fpgan.hw.host.emit import Host, HostOptions, emit_host
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env
from fpgan.sim.compiled.board import SimulatedBoard
from fpgan.sim.vectors import Vectors

pytestmark = pytest.mark.verilator
_IMAGES = 5
_NONE = r"^no weights are loaded: load_weights\(path\) first; an abort forgets them$"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for a board, whose bitstream is not made; beside it the weights of a second training."""
    folder = tmp_path_factory.mktemp("loaded")
    for number, name in enumerate(("one", "two"), 1):
        onnx.save(network(number), str(folder / f"{name}.onnx"))
    build(
        folder / "one.onnx", folder / "build", board="zcu104", target_fps=5_000_000, weight_storage="loaded",
        any_weights=True,
    )  # fmt: skip
    weights(folder / "two.onnx", folder / "build", folder / "second.bin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vivado, "find_tool", lambda name: None)
        facts = bitstream(folder / "build", folder / "deploy")
    assert facts["weights"] == "weights.bin" and "load_weights" in (folder / "deploy/README.txt").read_text()
    return folder


@pytest.fixture(scope="module")
def trainings(folder):
    """Of each: its file, latents (N,Z) and images (N,H,W,C) of PyTorch's."""
    found = []
    for file, golden in (("deploy/weights.bin", "build/golden.npz"), ("second.bin", "second.golden.npz")):
        made = Vectors.load(folder / golden)
        latents = made.latent[:_IMAGES].reshape(_IMAGES, -1)
        found.append((folder / file, latents, made.image[:_IMAGES].transpose(0, 2, 3, 1)))
    return found


@pytest.fixture
def board(folder):
    with SimulatedBoard(Host.load(folder / "deploy/project/host")) as simulated:
        yield simulated


def check_images(accelerator, training):
    _, latents, images = training
    for memory in (True, False):
        assert np.array_equal(accelerator.generate(latents, memory=memory), images)


def begin(accelerator, size, **control):
    """A load of so many bytes, of which none is given yet where they come by the window."""
    accelerator._set("IMAGES", size)
    accelerator._set("CONTROL", registers.encode("CONTROL", START=1, LOAD=1, SINK=2, **control))


def idle(accelerator, board):
    while accelerator._get("STATUS"):
        board.pause(0)
    return accelerator._get("WEIGHTS") == 0


def refuse(accelerator, **control):
    """A start is refused, and nothing runs."""
    accelerator._set("CONTROL", registers.encode("CONTROL", START=1, **control))
    assert accelerator._get("ERRORS") == registers.encode("ERRORS", REFUSED=1)
    accelerator._set("ERRORS", 0xFFFFFFFF)
    assert accelerator._get("STATUS") == 0


def test_trainings_loaded_one_after_the_other(board, trainings):
    """Each makes its own images, by either way, with pauses on every bus; none is made before."""
    accelerator = Accelerator(board)
    first, second = trainings
    assert accelerator.weights_bytes == first[0].stat().st_size
    with pytest.raises(AcceleratorError, match=_NONE):
        accelerator.generate(first[1])
    accelerator._set("IMAGES", 1)
    refuse(accelerator)  # the hardware itself, whoever drives it
    for training, stall, memory in ((first, 0, True), (second, 0.3, False), (first, 0.3, True)):
        board.stall(stall, seed=3)
        accelerator.load_weights(training[0], memory=memory)
        check_images(accelerator, training)
    for training in (first, second):  # the file ends within a word of the memory
        accelerator.load_weights(training[0])
    check_images(accelerator, second)
    with pytest.raises(AcceleratorError, match=_NONE):
        Accelerator(board).measure(1)  # opening it was an abort


def test_an_error_of_the_memory_leaves_no_weights(board, trainings):
    """In the file's last word, in its middle, at its start: the old ones are gone, the next load is right."""
    accelerator = Accelerator(board, timeout=0.3)
    first, second = trainings
    for at, response, name in ((176, 2, "READ_SLVERR"), (64, 3, "READ_DECERR"), (0, 2, "READ_SLVERR")):
        accelerator.load_weights(first[0])
        board.fail(accelerator._buffers["latents"].address + at, response)
        said = rf"^the accelerator reports {name} in loading 180 bytes of weights: none are loaded$"
        with pytest.raises(AcceleratorError, match=said):
            accelerator.load_weights(first[0])  # the same bytes: no CRC would show it
        board.fail(0, 0)
        with pytest.raises(AcceleratorError, match=_NONE):
            accelerator.generate(first[1])
    accelerator.load_weights(second[0])
    check_images(accelerator, second)
    board.hang(True)
    said = r"^180 bytes of weights are not loaded after 0.3 s; .* the memory's read channel; .*bus hangs"
    with pytest.raises(AcceleratorError, match=said):
        accelerator.load_weights(first[0])
    board.reset()
    board.hang(False)
    accelerator.abort()
    accelerator.load_weights(first[0])
    check_images(accelerator, first)


def test_resets_and_aborts_within_a_load(board, trainings):
    """However far it came, by either way: nothing is loaded, and the next file is."""
    accelerator = Accelerator(board)
    first, second = trainings
    words = np.frombuffer(first[0].read_bytes(), "<u4")
    accelerator.load_weights(first[0])
    place = accelerator._buffers["latents"].address
    for number, count in enumerate((1, 2, 7, 30, len(words) - 1)):
        end = board.reset if number % 2 else accelerator.abort
        begin(accelerator, 4 * len(words))
        board.write_words(registers.IN_WINDOW, words[:count])
        end()
        assert idle(accelerator, board)
        accelerator._address("SOURCE", place)
        begin(accelerator, 4 * len(words), SOURCE=1)
        for _ in range(number):
            board.pause(0)
        assert accelerator._get("STATUS")
        end()
        assert idle(accelerator, board)
    accelerator.load_weights(second[0])
    check_images(accelerator, second)


def test_files_that_are_none(board, trainings, tmp_path):
    """The driver says the value and the limit; the hardware refuses them by itself."""
    accelerator = Accelerator(board)
    good, latents, _ = trainings[0]
    content, bad = bytearray(good.read_bytes()), tmp_path / "bad.bin"
    for wrong, said in (
        (content[:-1], "bad.bin: has 179 bytes, the design takes 180; write it again with fpgan weights"),
        (b"\0" + content[1:], "bad.bin: is no file of weights"),
        (content[:5] + b"xyz" + content[8:], r"has weights of another design \(.*\), this one is"),
    ):
        bad.write_bytes(wrong)
        with pytest.raises(ValueError, match=said):
            accelerator.load_weights(bad)
    with pytest.raises(ValueError, match=r"none\.bin: no such file"):
        accelerator.load_weights(tmp_path / "none.bin")
    bad.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    said = r"bad.bin: the accelerator refuses it: is damaged: a CRC is wrong; none are loaded, copy it again$"
    for memory in (True, False):
        accelerator.load_weights(good)
        with pytest.raises(AcceleratorError, match=said):
            accelerator.load_weights(bad, memory=memory)
        with pytest.raises(AcceleratorError, match=_NONE):
            accelerator.generate(latents)
    for wrong, kind in ((content[:-1], "LENGTH"), (content[:3], "LENGTH"), (b"x" * 70, "FOREIGN")):
        accelerator._through_windows("WINDOW", np.frombuffer(wrong, np.uint8), 0, len(wrong), load=True)
        assert accelerator._get("WEIGHTS") & registers.encode("WEIGHTS", **{kind: 1})
        assert not accelerator._get("WEIGHTS") & 1


def test_registers_alone(folder, tmp_path):
    """Without a memory master the same interface is free of lint."""
    host = emit_host(Design.load(folder / "build"), tmp_path / "host", HostOptions(bus="axil"))
    files = [str(host.root / name) for name in host.sources]
    waived = ["-Wall", "-Wno-fatal", "-Wno-UNUSEDSIGNAL", "-Wno-PINCONNECTEMPTY", "--lint-only"]
    said = run([str(find_tool("verilator")), *waived, "--top-module", host.top, *files], host.root,
               tmp_path / "log", "lint", env=verilator_env())  # fmt: skip
    assert "fpgan_axil.sv" not in said + (tmp_path / "log").read_text()


def test_loads_that_are_refused(board, trainings):
    """No bytes, no such source, within a call and within a load; what runs is not disturbed."""
    accelerator = Accelerator(board)
    first, second = trainings
    accelerator._set("IMAGES", 0)
    refuse(accelerator, LOAD=1)
    accelerator._set("IMAGES", 180)
    refuse(accelerator, LOAD=1, SOURCE=2)
    accelerator.load_weights(first[0])
    accelerator._set("IMAGES", 1)
    accelerator._set("CONTROL", registers.encode("CONTROL", START=1))
    for _ in range(2):
        begin(accelerator, 180)
        assert accelerator._get("ERRORS") == registers.encode("ERRORS", REFUSED=1)
        accelerator._set("ERRORS", 0xFFFFFFFF)
        accelerator.abort()
        begin(accelerator, 180)
    accelerator.abort()
    accelerator.load_weights(second[0])
    check_images(accelerator, second)


def test_the_c_driver_loads(board, trainings, tmp_path):
    formats = Accelerator(board)
    c = CDriver(compiled(tmp_path), board)
    for number, (file, latents, images) in enumerate(trainings):
        content = file.read_bytes()
        assert c.state.weights_bytes == len(content)
        bad = content[:-1] + bytes([content[-1] ^ 1])
        if number == 0:
            assert c.images(latents)[0] == NO_WEIGHTS
            loaded = c("load_weights", content, len(content))
        else:
            buffer = board.allocate(4096)
            buffer.array[: len(content)] = np.frombuffer(content, np.uint8)
            buffer.flush()
            place = ctypes.c_uint64(buffer.address)
            assert c("load_weights_by_memory", place, len(content) - 1) == BAD_WEIGHTS
            assert c.state.weights == registers.encode("WEIGHTS", LENGTH=1)
            board.fail(buffer.address + 32)
            assert c("load_weights_by_memory", place, len(content)) == REPORTED
            assert c.state.errors == registers.encode("ERRORS", READ_SLVERR=1)
            board.fail(0, 0)
            loaded = c("load_weights_by_memory", place, len(content))
        assert loaded == OK and c.state.weights == 1
        out = ctypes.create_string_buffer(c.state.image_bytes * _IMAGES)
        assert c("images", pack(latents, *formats._latent[:2]).tobytes(), out, _IMAGES) == OK
        assert out.raw == pack(images, *formats._image[:2]).tobytes()
        assert c("load_weights", bad, len(bad)) == BAD_WEIGHTS
        assert c.state.weights == registers.encode("WEIGHTS", SUM=1)
        assert c.images(latents)[0] == NO_WEIGHTS
        assert c("load_weights", content, 0) == BAD_ARGUMENT


def test_the_self_test_loads_weights(folder, board, tmp_path, monkeypatch, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "deploy", copy, ignore=shutil.ignore_patterns("project"))
    driver, selftest = load("driver", copy, monkeypatch), load("selftest", copy, monkeypatch)
    monkeypatch.setattr(driver, "open_board", lambda *_, **__: board)
    assert selftest.main(["--loaded", "--timed", "2"]) == 0
    assert "180 bytes of weights are loaded through memory" in capsys.readouterr().out.splitlines()
    (copy / "weights.bin").write_bytes(b"FGW1")
    assert selftest.main(["--loaded"]) == 2
    assert "weights.bin: has weights of another design" in capsys.readouterr().err
