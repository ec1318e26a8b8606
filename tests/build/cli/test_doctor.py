# SPDX-License-Identifier: Apache-2.0
"""doctor: what is there has a version, what is not says what it would unlock."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fpgan.build.cli import found_tools as doctor_module
from fpgan.build.cli.found_tools import doctor
from fpgan.build.cli.main import app

NAMES = [
    "torch", "brevitas", "qonnx", "finn", "verilator", "g++", "make", "perl", "cocotb", "pyosys", "slang",
    "vivado", "vitis_hls", "nextpnr-xilinx", "CHIPDB",
    "PRJXRAY_DB_DIR", "chromium",
]  # fmt: skip


def test_every_tool_is_listed_and_what_is_needed_is_found() -> None:
    entries = {str(entry["name"]): entry for entry in doctor()}
    assert list(entries) == NAMES
    for name in NAMES[: NAMES.index("vivado")]:
        assert entries[name]["found"], name
        assert entries[name]["version"], name
    assert entries["pyosys"]["version"] == "0.70"
    assert entries["verilator"]["version"] == "5.48.0"
    assert "fpgan bitstream" in str(entries["vivado"]["unlocks"])
    assert all(entry["unlocks"] and entry["install"] for entry in entries.values())


def test_absent_and_broken_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "vivado"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(doctor_module, "find_tool", lambda name: broken if name == "vivado" else None)
    entries = {str(entry["name"]): entry for entry in doctor()}
    assert entries["vivado"]["found"] and entries["vivado"]["version"] == ""
    for value, found in ((str(tmp_path), True), (str(tmp_path / "none"), False)):
        monkeypatch.setenv("CHIPDB", value)
        entry = {str(entry["name"]): entry for entry in doctor()}["CHIPDB"]
        assert (entry["found"], entry["version"]) == (found, value if found else "")
    said = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"}).output.splitlines()
    states = {line.split()[0]: " ".join(line.split()[1:3]) for line in said}
    assert states["vivado"].startswith("found ") and states["chromium"] == "not found"
    assert not entries["chromium"]["found"] and "browser" in str(entries["chromium"]["unlocks"])
