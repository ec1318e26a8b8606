# SPDX-License-Identifier: Apache-2.0
"""What a build replaces, and what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil

import numpy as np
import pytest
from namespaces import in_namespace, mount
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.finn.flow import finn_flow
from fpgan.build.flow import build
from fpgan.build.proof import golden_vectors
from fpgan.hw.design import Design
from fpgan.hw.system.folders import replaced_folder


def refused(*arguments, code=2):
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300", "NO_COLOR": "1"})
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == code and len(lines) == 1 and lines[0].startswith("error: "), result.output
    return lines[0]


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture
def made(build_preset, tmp_path):
    """A copy of a build, and its model beside it."""
    return shutil.copytree(build_preset("tiny"), tmp_path / "build")


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
    assert "b: cannot be written (File too large" in line
    assert not (tmp_path / "b").exists() and leftovers(tmp_path) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc here")
def test_a_folder_that_cannot_be_written(export_preset):
    assert "cannot be written" in refused("build", export_preset("tiny"), "--out", "/proc/fpgan_build")


@pytest.mark.parametrize("where", [".", "rtl"])
def test_a_model_in_the_folder_that_it_is_built_into(export_preset, made, where):
    """It was deleted with its vectors, exit 0."""
    model = shutil.copy(export_preset("tiny"), made / where / "m.onnx")
    before = sorted(made.rglob("*"))
    line = refused("build", model, "--out", made)
    assert ("holds m.onnx, not written by fpgan" if where == "." else "m.onnx: is in") in line
    assert sorted(made.rglob("*")) == before


def test_names_that_are_no_text(export_preset, tmp_path):
    line = refused("build", export_preset("tiny"), "--out", os.fsdecode(bytes(tmp_path) + b"/b\xff"))
    assert r"b\udcff: has a name that is no UTF-8; rename it" in line
    assert list(tmp_path.iterdir()) == []


def of_another_network(arrays):
    arrays["image"] = arrays["image"][::-1]


def of_a_few_values(arrays):
    arrays["image"] = arrays["image"].copy()
    arrays["image"][7, 0, 3, 3:6] ^= 1  # behind those that the dataflow graph is run on


def of_latents_out_of_range(arrays):
    arrays["latent"] = arrays["latent"].astype(np.int32) + 1000


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (of_another_network, 1, r"differ from the network's in [\d,]+ of 2,048 values, so it is of another"),
        (of_a_few_values, 1, r"differ from the network's in 3 of 2,048 values"),
        (of_latents_out_of_range, 2, r"latents from \d+ to \d+, the network takes -\d+ to \d+; export again"),
    ],
)
def test_golden_vectors_that_are_not_the_network_s(export_preset, made, tmp_path, change, code, says):
    """Such a build replaced an earlier good one, and the message blamed the graph."""
    model = shutil.copy(export_preset("tiny"), tmp_path / "m.onnx")
    with np.load(export_preset("tiny").with_suffix(".golden.npz")) as data:
        arrays = dict(data)
    change(arrays)
    np.savez(tmp_path / "m.golden.npz", **arrays)
    before = (made / "report.json").read_bytes()
    line = refused("build", model, "--out", made, code=code)
    assert re.search(rf"m\.golden\.npz: .*{says}", line)
    assert (made / "report.json").read_bytes() == before and (made / "golden.npz").exists()


def test_a_graph_that_is_wrong(export_preset, made, monkeypatch):
    """The vectors being right, the error is ours; the earlier build stays."""
    monkeypatch.setattr(golden_vectors, "run_dataflow", lambda model, latent: np.zeros((1, 16, 16)))
    before = (made / "report.json").read_bytes()
    line = refused("build", export_preset("tiny"), "--out", made, code=1)
    assert "the dataflow graph differs from the network in" in line and "report it" in line
    assert (made / "report.json").read_bytes() == before


def test_a_link_to_the_folder(export_preset, made, tmp_path):
    (tmp_path / "link").symlink_to(made)
    (made / "thesis.txt").write_text("")
    assert "holds thesis.txt" in refused("build", export_preset("tiny"), "--out", tmp_path / "link")
    (made / "thesis.txt").unlink()
    arguments = ["build", str(export_preset("tiny")), "--out", str(tmp_path / "link"), "--clock-mhz", "100"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert json.loads((made / "design.json").read_text())["clock_mhz"] == 100


def test_a_container_s_volume(export_preset, tmp_path):
    """The earlier build was deleted and nothing written: a mount point cannot be renamed."""
    model = export_preset("tiny")

    def work():
        mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path)
        for clock in (100, 50):
            build(model, tmp_path, clock_mhz=clock)
        return [
            Design.load(tmp_path).clock_mhz,
            (tmp_path / "rtl" / "fpgan_top.sv").exists(),
            leftovers(tmp_path),
        ]

    assert in_namespace(work) == [50, True, []]


def test_a_folder_for_finn_that_is_not_ours(made, tmp_path):
    (tmp_path / "finn").mkdir()
    (tmp_path / "finn" / "image.npy").write_text("somebody else's")
    with pytest.raises(ValueError, match=r"is not empty and has no finn\.yaml"):
        finn_flow(made, tmp_path / "finn")
    assert (tmp_path / "finn" / "image.npy").read_text() == "somebody else's"
