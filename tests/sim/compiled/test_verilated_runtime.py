# SPDX-License-Identifier: Apache-2.0
"""Verilator's runtime is compiled once for each kind of simulation."""

from __future__ import annotations

import pytest

from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.verilated_runtime import shared_runtime


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def compiled(folder, options, names=("verilated.o", "verilated_threads.o", "Vtop.o")):
    """What Verilator is told; as it does, objects are left in the folder."""
    folder.mkdir()
    with shared_runtime(folder, options) as (objects, variables):
        given = [(folder / name).read_text() for name in objects]
        for name in names:
            (folder / name).write_text(f"{name} {options}")
    return given, variables


def test_second_design_takes_the_first_ones_runtime(tmp_path):
    assert compiled(tmp_path / "first", ["--threads", "2"]) == ([], "")
    objects, variables = compiled(tmp_path / "second", ["--threads", "2"])
    assert variables.split() == ["VM_GLOBAL_FAST=", "VM_GLOBAL_SLOW="]
    assert [text.split()[0] for text in objects] == ["verilated.o", "verilated_threads.o"]


def test_other_options_have_another_runtime(tmp_path):
    compiled(tmp_path / "first", ["--threads", "2"])
    assert compiled(tmp_path / "second", []) == ([], "")


def test_failed_compilation_leaves_nothing(tmp_path):
    with pytest.raises(ToolError), shared_runtime(tmp_path, []):
        (tmp_path / "verilated.o").write_text("half")
        raise ToolError("compiling failed")
    assert compiled(tmp_path / "next", []) == ([], "")


def test_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert compiled(tmp_path / "first", []) == ([], "")
    assert compiled(tmp_path / "second", []) == ([], "")
