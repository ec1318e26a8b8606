# SPDX-License-Identifier: Apache-2.0
"""The self-test that goes to boards, on a simulation of the RTL that goes with it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from deployed_modules import load

from fpgan.build.implement.bitstream import bitstream, vivado
from fpgan.hw import driver as package_driver
from fpgan.hw.host.emit import Host
from fpgan.sim.benches.host_bench import identity_build
from fpgan.sim.compiled.board import SimulatedBoard


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """A folder for a board, whose images of (1,16,4) are its latents, with a stand-in for its bitstream."""
    folder = tmp_path_factory.mktemp("deployed")
    build = identity_build(folder / "build", 4, 4, 16)
    (build / "report.json").write_text(json.dumps({"totals": {"LUT": 100}, "cycles_per_image": 1000}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vivado, "find_tool", lambda name: None)
        bitstream(build, folder / "deploy")
    (folder / "deploy" / "fpgan.bit").write_bytes(b"bits")
    return folder / "deploy"


@pytest.fixture
def on_board(deployed, tmp_path, monkeypatch, capsys):
    """on_board(*arguments, change=None, board=None) -> exit code, lines of the folder's selftest.py.

    It runs on a simulation of the RTL that the folder holds. change(folder) alters a copy of the folder
    first, board(simulated board, driver) the board.
    """

    def test(*arguments, change=None, board=None):
        folder = tmp_path / "copy"
        shutil.copytree(deployed, folder, ignore=shutil.ignore_patterns("project"))
        if change:
            change(folder)
        driver = load("driver", folder, monkeypatch)
        selftest = load("selftest", folder, monkeypatch)
        with SimulatedBoard(Host.load(deployed / "project" / "host")) as simulated:
            if board:
                board(simulated, driver)

            def open_board(file, address, **clocks):
                assert file in (None, folder / "fpgan.bit") and address == 0xA0000000
                assert clocks == {"clock_mhz": 300.0, "ps_clock_mhz": 33.333}
                return simulated

            monkeypatch.setattr(driver, "open_board", open_board)
            code = selftest.main([*map(str, arguments), "--timed", "20"])
        said = capsys.readouterr()
        return code, (said.out + said.err).splitlines()

    return test


@pytest.mark.verilator
def test_selftest_passes_bit_exact(on_board):
    code, lines = on_board()
    assert code == 0 and lines[-1] == "PASSED"
    assert lines[0].startswith("identity on ultra96: design 0x")
    assert lines[1] == "8 images through the registers: 512 pixels, 0 wrong"
    assert lines[2] == "8 images through memory: 512 pixels, 0 wrong"
    assert lines[3] == "16 images of latents made on the chip: 1024 pixels, 0 wrong"
    assert "images/s" in lines[4] and "clock" in lines[5]


def other_design(folder):
    facts = json.loads((folder / "facts.json").read_text())
    (folder / "facts.json").write_text(json.dumps(facts | {"design": 0x1234}))


def wrong_pixel(folder):
    with np.load(folder / "golden.npz") as data:
        image = data["image"].copy()
        image[1, 0, 5, 2] ^= 1
        np.savez(folder / "golden.npz", latent=data["latent"], image=image)


def no_memory(simulated, driver):
    def allocate(size):
        raise driver.NoMemoryError("no memory: neither pynq nor /dev/udmabuf0 is there; use memory=False")

    simulated.allocate = allocate


def wrong_latents(simulated, driver):
    driver.random_latents = lambda *arguments: package_driver.random_latents(2, *arguments[1:])


@pytest.mark.verilator
@pytest.mark.parametrize(
    ("arguments", "change", "board", "code", "says"),
    [
        ([], wrong_pixel, None, 1, "8 images through the registers: 512 pixels, 1 wrong"),
        (["--images", 2], wrong_pixel, None, 1, "2 images through memory: 128 pixels, 1 wrong"),
        (["--images", 1], wrong_pixel, None, 0, "PASSED"),
        (["--images", 1], None, wrong_latents, 1, "FAILED"),
        (["--images", 3], None, no_memory, 0, "3 images through memory: not tested (no memory: neither pynq "
         "nor /dev/udmabuf0 is there; use memory=False)"),
        (["--images", 4], None, lambda simulated, _: simulated.fail(0x1000_0000, 3), 1,
         "FAILED: the accelerator reports READ_DECERR, WRITE_DECERR in a call of 4 images"),
        (["--loaded", "--images", 1], lambda f: (f / "fpgan.bit").unlink(), None, 0, "PASSED"),
    ],
)  # fmt: skip
def test_selftest_finds_what_is_wrong(on_board, arguments, change, board, code, says):
    found, lines = on_board(*arguments, change=change, board=board)
    assert found == code and says in lines


@pytest.mark.verilator
@pytest.mark.parametrize(
    ("arguments", "change", "code", "says"),
    [
        (["--images", 0], None, 2, "error: --images 0: golden.npz has 1 to 8"),
        (["--images", 9], None, 2, "error: --images 9: golden.npz has 1 to 8"),
        ([], lambda f: (f / "facts.json").unlink(), 2, "facts.json or golden.npz is missing or broken"),
        ([], lambda f: (f / "golden.npz").write_bytes(b"PK"), 2, "golden.npz is missing or broken"),
        ([], lambda f: (f / "fpgan.bit").unlink(), 2, "fpgan.bit is not there: vivado not found on PATH"),
        ([], lambda f: other_design(f), 1, "is loaded, not 0x00001234"),
    ],
)  # fmt: skip
def test_selftest_says_in_one_line_why_it_cannot_run(on_board, arguments, change, code, says):
    found, lines = on_board(*arguments, change=change)
    assert found == code and len(lines) == 1 and says in lines[0]


def test_the_clock_is_judged(deployed, monkeypatch):
    load("driver", deployed, monkeypatch)
    selftest = load("selftest", deployed, monkeypatch)
    assert selftest.judge_clock(299.2, 300.0) == (True, "clock: 300 MHz")
    slow = "clock: 100.0 MHz, slower than the 300 MHz that the design is for"
    assert selftest.judge_clock(100.0, 300.0) == (True, slow)
    fast = "the clock runs at 310.0 MHz, faster than the 300 MHz of the design"
    assert selftest.judge_clock(310.0, 300.0) == (False, fast)


def test_the_c_driver_goes_along(deployed):
    files = {path.name for path in (deployed / "driver" / "c").iterdir()}
    assert files == {"fpgan.c", "fpgan.h", "fpgan_regs.h"}
