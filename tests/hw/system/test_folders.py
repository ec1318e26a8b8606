# SPDX-License-Identifier: Apache-2.0
"""A folder is the old one or the new one, one process writes it, and failures are one line."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.hw.system.folders import replaced_folder


def write(out, text):
    with replaced_folder(out, "file") as partial:
        (partial / "file").write_text(text)


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_new_takes_the_place_of_the_old(tmp_path):
    out = tmp_path / "deep" / "out"
    write(out, "old")
    (out / "other").write_text("")
    write(out, "new")
    assert [p.name for p in out.iterdir()] == ["file"] and (out / "file").read_text() == "new"
    assert leftovers(out.parent) == []


def test_an_error_leaves_the_old(tmp_path):
    write(tmp_path / "out", "old")
    with pytest.raises(KeyError), replaced_folder(tmp_path / "out", "file") as partial:
        (partial / "file").write_text("new")
        raise KeyError
    assert (tmp_path / "out" / "file").read_text() == "old" and leftovers(tmp_path) == []


def test_the_second_writer_says_so(tmp_path):
    write(tmp_path / "out", "old")
    with (
        replaced_folder(tmp_path / "out", "file"),
        pytest.raises(ValueError, match="another process is writing it"),
    ):
        write(tmp_path / "out", "second")
    write(tmp_path / "out", "third")
    assert (tmp_path / "out" / "file").read_text() == "third"


def test_a_killed_writer_leaves_the_old_and_no_lock(tmp_path):
    write(tmp_path / "out", "old")
    code = """
import os, signal, sys
from pathlib import Path
from fpgan.hw.system.folders import replaced_folder
with replaced_folder(Path(sys.argv[1]), "file") as partial:
    (partial / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "out" / "file").read_text() == "old"
    write(tmp_path / "out", "new")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["file"] and leftovers(tmp_path) == []


def refused(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300", "NO_COLOR": "1"})
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == 2 and len(lines) == 1 and lines[0].startswith("error: "), result.output
    return lines[0]


def test_two_builds_into_one_folder(export_preset, tmp_path):
    with replaced_folder(tmp_path / "b", "file"):
        line = refused("build", export_preset("tiny"), "--out", tmp_path / "b")
    assert "another process is writing it" in line


def test_a_full_disk(export_preset, tmp_path):
    """As the system reports it: no file may grow beyond a few bytes."""
    model = export_preset("tiny")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, old[1]))
    try:
        line = refused("build", model, "--out", tmp_path / "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert "cannot be written" in line
    assert not (tmp_path / "b").exists() and leftovers(tmp_path) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc here")
def test_a_folder_that_cannot_be_written(export_preset):
    assert "cannot be written" in refused("build", export_preset("tiny"), "--out", "/proc/fpgan_build")
