# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, as the system reports it: one line with a file's name, nothing half-written."""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app

COMMANDS = (
    "export RUN --out OUT/m.onnx", "report BUILD", "sim BUILD --images 1", "synth BUILD", "power BUILD",
    "bitstream BUILD --out OUT/deploy", "train --preset tiny --steps 0 --out OUT/run",
)  # fmt: skip


@contextmanager
def full(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("command", COMMANDS)
def test_one_line_with_a_name_and_nothing_half_written(
    command, build_preset, export_preset, tmp_path, monkeypatch
):
    """`error: : No space left on device` named no file, and .part files stayed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build = shutil.copytree(build_preset("tiny"), tmp_path / "build", ignore=shutil.ignore_patterns(".*"))
    places = {"RUN": export_preset("tiny").parent / "run", "BUILD": build, "OUT": tmp_path}
    words = command
    for name, path in places.items():
        words = words.replace(name, str(path))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with full(1000):
        result = CliRunner().invoke(app, words.split(), env={"COLUMNS": "300", "NO_COLOR": "1"})
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code in (1, 2) and len(lines) == 1 and lines[0].startswith("error: "), result.output
    assert str(tmp_path) in lines[0] or str(tempfile.gettempdir()) in lines[0]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path not in before]
    assert not [
        path for path in left if "part" in path.name or path.suffix in (".json", ".png", ".html", ".onnx")
    ]


def test_every_file_that_was_there_stays(build_preset, tmp_path):
    build = shutil.copytree(build_preset("tiny"), tmp_path / "build", ignore=shutil.ignore_patterns(".*"))
    before = {path: path.read_bytes() for path in build.rglob("*") if path.is_file()}
    with full(1000):
        CliRunner().invoke(app, ["report", str(build)])
    assert {path: path.read_bytes() for path in before} == before and Path(build / "report.json").exists()
