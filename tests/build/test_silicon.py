# SPDX-License-Identifier: Apache-2.0
"""A rate on the board: folds again for the clock that was routed; building and routing are stand-ins."""

from __future__ import annotations

import json
import shutil

import pytest

from fpgan.build import silicon
from fpgan.build.silicon import ROUNDS, bitstream_at
from fpgan.hw.design import Design
from fpgan.hw.system.tools import ToolError


@pytest.fixture
def loop(build_preset, tmp_path, monkeypatch):
    """loop(clocks, target): BUILD of 100 MHz and 1,000 cycles whose rounds route at `clocks`; the facts, and
    the clocks that were folded for."""
    build = shutil.copytree(build_preset("tiny"), tmp_path / "build")
    model = tmp_path / "model.onnx"
    model.touch()
    folded = []

    def alter(clock_mhz, cycles, command=f"fpgan build {model} --board ultra96 --cores lut --budget LUT=9"):
        for name, values in (
            ("design.json", {"clock_mhz": clock_mhz}),
            ("report.json", {"clock_mhz": clock_mhz, "cycles_per_image": cycles,
                             "made": {"version": "1", "command": command, "date": "now"}}),
        ):  # fmt: skip
            path = build / name
            path.write_text(json.dumps(json.loads(path.read_text()) | values))

    def build_again(model, out, board, clock_mhz, target_fps, cores, budget, like, progress):
        assert (out, board, cores, budget, like) == (build, "ultra96", ["lut"], {"LUT": 9}, None)
        folded.append(clock_mhz)
        alter(clock_mhz, int(clock_mhz * 1e6 / target_fps))

    def run(clocks, target, **more):
        alter(100.0, 1000)
        left = list(clocks)

        def bitstream(root, *_):
            design = Design.load(root)
            clock = min(design.clock_mhz, left.pop(0))
            rate = clock * 1e6 / design.report["cycles_per_image"]
            return {"missing": None, "clock_mhz": clock, "frames_per_second": rate}

        monkeypatch.setattr(silicon, "bitstream", bitstream)
        monkeypatch.setattr(silicon, "build_again", build_again)
        return bitstream_at(target, build, tmp_path / "deploy", **more), folded

    run.model, run.folded = model, folded
    return run


def test_a_design_that_makes_the_rate_is_left_as_it_is(loop):
    facts, folded = loop([99.0], 99_000)
    assert facts["frames_per_second"] == 99_000 and folded == []


def test_a_slower_clock_is_folded_for_until_the_rate_is_made(loop):
    """Each time 5 % below what was reached."""
    facts, folded = loop([80.0, 70.0, 90.0], 100_000)
    assert folded == [76, 66] and facts["frames_per_second"] == 100_000


def test_a_build_that_is_too_slow_at_its_own_clock_is_folded_before_it_is_routed(loop):
    facts, folded = loop([120.0], 200_000)
    assert folded == [100] and facts["frames_per_second"] == 200_000


def test_what_ends_it(loop):
    with pytest.raises(ToolError, match=rf"100,000 images/s: .* after {ROUNDS} rounds"):
        loop([50.0, 40.0, 30.0, 20.0], 100_000)
    assert len(loop.folded) == ROUNDS - 1
    with pytest.raises(ValueError, match="goes with openxc7; by vivado a clock is met or an error"):
        loop([50.0], 100_000, tool="vivado")
    loop.model.unlink()
    with pytest.raises(ValueError, match=r"was built from .*model.onnx, which is not here"):
        loop([50.0], 100_000)
