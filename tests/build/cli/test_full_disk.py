# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: one line that names what could not be written, and nothing half-written is left."""

from __future__ import annotations

import os
import shutil

import pytest
from namespaces import in_namespace, mount
from typer.testing import CliRunner

from fpgan.build.cli.main import app


def refused(*arguments):
    """Exit code, and what stderr says."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], env={"NO_COLOR": "1"})
    return [done.exit_code, done.stderr]


def commands(build, model, folder):
    run = model.parent / "run"
    return {
        "build": ("build", model, "--out", build),
        "sim": ("sim", build, "--images", 2),
        "synth": ("synth", build),
        "report": ("report", build),
        "bitstream": ("bitstream", build, "--out", folder / "deploy"),
        "export": ("export", run, "--out", folder / "m.onnx"),
        "train": ("train", "--preset", "tiny", "--steps", 0, "--out", folder / "run"),
    }


@pytest.mark.parametrize("name", ["build", "sim", "synth", "report", "bitstream", "export", "train"])
def test_one_line_with_a_name(name, build_preset, export_preset, tmp_path, monkeypatch):
    """`error: : No space left on device` came without a name, and .part files stayed."""
    made, model = build_preset("tiny"), export_preset("tiny")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def work():
        mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path)
        build = shutil.copytree(made, tmp_path / "build", ignore=shutil.ignore_patterns(".*"))
        before = sorted(str(path) for path in build.rglob("*"))
        with (tmp_path / "filler").open("wb") as file, pytest.raises(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))
        found = refused(*commands(build, model, tmp_path)[name])
        hidden = [str(path) for path in tmp_path.rglob(".*") if path.is_file()]
        return [
            *found,
            before == sorted(str(path) for path in build.rglob("*") if path.suffix != ".log"),
            hidden,
        ]

    code, said, as_before, hidden = in_namespace(work)
    lines = said.strip().splitlines()
    assert code in (1, 2) and len(lines) == 1 and lines[0].startswith("error: "), said
    assert str(tmp_path) in lines[0] and "No space left on device" in lines[0]
    assert hidden == [] and (as_before or name in ("sim", "synth", "bitstream"))
