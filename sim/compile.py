# SPDX-License-Identifier: Apache-2.0
"""Compile a design with Verilator, once per content."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from fpgan.hw.design import Design
from fpgan.hw.sources import cells
from fpgan.hw.tools import find_tool, require_tools, run, verilator_env

_HARNESS = Path(__file__).parent / "harness.cpp"


def compile_design(
    design: Design, waves: bool = False, jobs: int = 2, netlists: Sequence[Path] = ()
) -> tuple[Path, float]:
    """Compile BUILD/rtl and the harness into BUILD/.verilator/KEY/harness.

    netlists: one file per layer to compile in place of the layers' RTL, into BUILD/.verilator-netlist/KEY.
    KEY follows the sources, the harness and the options, so that a second call costs nothing. Returns the
    program and the seconds spent. Raises ToolError.
    """
    require_tools("verilator", "make", "g++", "perl")
    sources = _sources(design, netlists)
    base = design.root / (".verilator-netlist" if netlists else ".verilator")
    folder = base / _key(design, sources, waves)
    program = folder / "harness"
    if program.exists():
        return program, 0.0
    start = time.monotonic()
    shutil.rmtree(base, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [
        str(find_tool("verilator")), "--cc", "--exe", "--build", "-j", str(jobs), "-O3", "--assert",
        "--x-assign", "fast", "--x-initial", "fast", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style",
        "-Werror-USERERROR", "--output-split", "20000",
        *(["--output-split-cfuncs", "1000"] if netlists else []),  # g++ takes very long functions badly
        "--top-module", design.top, "-Mdir", str(folder), "-o", "harness.tmp",
        *(["-CFLAGS", "-DFPGAN_CLK2X"] if design.pumped else []),
        *(["--trace-vcd", "-CFLAGS", "-DFPGAN_WAVES"] if waves else []), *map(str, sources), str(_HARNESS),
    ]  # fmt: skip
    run(command, design.rtl, folder / "verilator.log", "compiling the simulation", env=verilator_env())
    (folder / "harness.tmp").rename(program)
    return program, time.monotonic() - start


def _sources(design: Design, netlists: Sequence[Path]) -> list[Path]:
    """Sources in compile order, those of BUILD/rtl relative to it."""
    if not netlists:
        return [Path(name) for name in design.source_names]
    replaced = {name for layer in design.layers for name in layer.sources}
    return [*cells(), *netlists, *(Path(name) for name in design.source_names if name not in replaced)]


def _key(design: Design, sources: Sequence[Path], waves: bool) -> str:
    digest = hashlib.sha256(_HARNESS.read_bytes() + bytes([waves]))
    for path in sources:  # weights and thresholds are read when the simulation starts
        digest.update(path.name.encode() + (design.rtl / path).read_bytes())
    return digest.hexdigest()[:16]
