# SPDX-License-Identifier: Apache-2.0
"""Compile a design with Verilator, once per content."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

from fpgan.hw.design import Design
from fpgan.hw.tools import find_tool, require_tools, run, verilator_env

_HARNESS = Path(__file__).parent / "harness.cpp"


def compile_design(design: Design, waves: bool = False, jobs: int = 2) -> tuple[Path, float]:
    """Compile BUILD/rtl and the harness into BUILD/.verilator/KEY/harness.

    KEY follows the sources in rtl/, the harness and the options, so that a second call costs nothing.
    Returns the program and the seconds spent. Raises ToolError.
    """
    require_tools("verilator", "make", "g++", "perl")
    folder = design.root / ".verilator" / _key(design, waves)
    program = folder / "harness"
    if program.exists():
        return program, 0.0
    start = time.monotonic()
    shutil.rmtree(design.root / ".verilator", ignore_errors=True)
    folder.mkdir(parents=True)
    # -O2 makes mnist32 8 % faster to run and 70 % slower to compile: worth it from 8,000 images only
    command = [
        str(find_tool("verilator")), "--cc", "--exe", "--build", "-j", str(jobs), "-O3", "--assert",
        "--x-assign", "fast", "--x-initial", "fast", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style",
        "-Werror-USERERROR", "--output-split", "20000", "--top-module", design.top, "-Mdir", str(folder),
        "-CFLAGS", "-O1" + " -DFPGAN_WAVES" * waves + " -DFPGAN_CLK2X" * design.pumped, "-o", "harness.tmp",
        *(["--trace-vcd"] if waves else []), *design.source_names, str(_HARNESS),
    ]  # fmt: skip
    run(command, design.rtl, folder / "verilator.log", "compiling the simulation", env=verilator_env())
    (folder / "harness.tmp").rename(program)
    return program, time.monotonic() - start


def _key(design: Design, waves: bool) -> str:
    digest = hashlib.sha256(_HARNESS.read_bytes() + bytes([waves]))
    for name in design.source_names:  # weights and thresholds are read when the simulation starts
        digest.update(name.encode() + (design.rtl / name).read_bytes())
    return digest.hexdigest()[:16]
