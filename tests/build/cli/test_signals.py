# SPDX-License-Identifier: Apache-2.0
"""A command that a signal ends takes all that it has started with it, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal

import commands
import pytest
import yaml


def end(process, log, number, child, code, seconds):
    """Signal a command once it has such a child; its exit code is right, and nothing of it goes on."""
    try:
        assert commands.wait_for(lambda: commands.named(commands.descendants(process), child), 100), (
            log.read_text()
        )
        started = commands.descendants(process)
        os.kill(process.pid, number)
        assert process.wait(seconds) == code, log.read_text()
        assert commands.left(started) == [] and "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("command", "child", "number", "code"),
    [
        pytest.param("sim", "cc1plus", signal.SIGTERM, 143, marks=pytest.mark.verilator),
        pytest.param("synth", "yosys_job", signal.SIGHUP, 129, marks=pytest.mark.yosys),
        pytest.param("synth", "yosys_job", signal.SIGINT, 130, marks=pytest.mark.yosys),
    ],
)
def test_nothing_goes_on(build_preset, tmp_path, command, child, number, code):
    """perl, verilator, make and Yosys went on for minutes, and wrote into BUILD."""
    build = shutil.copytree(build_preset("tiny"), tmp_path / "build", ignore=shutil.ignore_patterns(".*"))
    process = commands.start(command, build, cache=tmp_path / "cache", log=tmp_path / "log")
    end(process, tmp_path / "log", number, child, code, seconds=60)
    assert not (build / f"{command}.json").exists() and not list(build.glob(".*fpgan-part*"))


@pytest.mark.slow
def test_no_worker_of_a_study_goes_on(tmp_path):
    spec = {
        "name": "long", "preset": "tiny", "steps": 100_000, "space": {"generator.weight_bits": [2, 4]},
        "build": {"board": "pynq-z2", "target_fps": 1000}, "objectives": ["score", "lut_equivalents"],
    }  # fmt: skip
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    arguments = ("study", tmp_path / "spec.yaml", "--workers", 2, "--out", tmp_path / "study")
    process = commands.start(*arguments, cache=tmp_path / "cache", log=tmp_path / "log")
    states = lambda: len(list(tmp_path.glob("study/trials/*/run/training.safetensors"))) == 2  # noqa: E731
    assert commands.wait_for(states, 200), (tmp_path / "log").read_text()
    end(process, tmp_path / "log", signal.SIGTERM, "multiprocessing", 143, seconds=30)
    assert not list(tmp_path.glob("study/trials/*/trial.json"))
    assert json.loads((tmp_path / "study" / "study.json").read_text())
