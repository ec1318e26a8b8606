# SPDX-License-Identifier: Apache-2.0
"""Compile a design with Verilator, alone or with its host interface, once per content."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.sources import cells
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, require_tools, verilator_env
from fpgan.sim.compiled.verilated_runtime import shared_runtime

_HARNESS = Path(__file__).parent / "harness.cpp"
_HOST_HARNESS = Path(__file__).parent / "host_harness.cpp"
_FEW_LANES = 300  # up to which one call of g++ for all files takes less than one for each
_ONE_FILE = ("--output-split", "0")
_SAMPLED = Path(__file__).parent / "sampled.vlt"
_OF_NETLISTS = ("--output-split-cfuncs", "1000")  # g++ takes very long functions badly


def compile_design(
    design: Design,
    waves: bool = False,
    jobs: int = 2,
    netlists: Sequence[Path] = (),
    threads: int = 1,
    activity: bool = False,
) -> tuple[Path, float]:
    """Compile BUILD/rtl and the harness into BUILD/.verilator/KEY/harness.

    netlists: one file per layer to compile in place of the layers' RTL, into BUILD/.verilator-netlist/KEY.
    threads: of the program. activity: its waveform is a SAIF file, of one PE of those that are alike; into
    BUILD/.verilator-activity/KEY.
    KEY follows the sources, the harness and the options, so that a second call costs nothing. Returns the
    program and the seconds spent. Raises ToolError.
    """
    base = design.root / f".verilator{'-netlist' if netlists else '-activity' if activity else ''}"
    options = [
        *(["--threads", str(threads)] if threads > 1 else []),
        *(_OF_NETLISTS if netlists else ()),
        *(_ONE_FILE if design.report["mac_lanes"] <= _FEW_LANES and not netlists else ()),
        *(["-CFLAGS", "-DFPGAN_CLK2X"] if design.pumped else []),
        *(["--trace-vcd", "-CFLAGS", "-DFPGAN_WAVES"] if waves else []),
        *(_activity_options(design) if activity else []),
    ]
    start = time.monotonic()
    sources = [*([_SAMPLED] if activity else []), *_sources(design, netlists)]
    program, new = _compile(design.top, sources, design.rtl, base, _HARNESS, options, jobs)
    return program, time.monotonic() - start if new else 0.0


def _activity_options(design: Design) -> list[str]:
    """SAIF in the time of the design's clock, for what reads it takes signals per second from it."""
    flags = f"-DFPGAN_WAVES -DFPGAN_ACTIVITY -DFPGAN_HALF_PERIOD={round(5e5 / design.clock_mhz)}"
    return ["--trace-saif", "--no-trace-params", "-CFLAGS", flags]


def compile_host(host: Host, jobs: int = 2) -> Path:
    """The same of a design with its host interface, with host_harness.cpp, into ROOT/.verilator."""
    gates = {path.name for path in cells()} <= set(host.sources)
    options = ["--prefix", "Vhost", *(_OF_NETLISTS if gates else ())]
    for name, wanted in (("FPGAN_AXI", host.options.bus == "axi"), ("FPGAN_CLK2X", host.pumped)):
        options += ["-CFLAGS", f"-D{name}"] if wanted else []
    sources = [Path(name) for name in host.sources]
    return _compile(host.top, sources, host.root, host.root / ".verilator", _HOST_HARNESS, options, jobs)[0]


def _compile(
    top: str, sources: Sequence[Path], cwd: Path, base: Path, harness: Path, options: Sequence[str], jobs: int
) -> tuple[Path, bool]:
    """The program for a top and a harness, in `base`/KEY, and whether it had to be made."""
    require_tools("verilator", "make", "g++", "perl")
    folder = base / _key(cwd, sources, harness, options)
    program = folder / "harness"
    if program.exists():
        return program, False
    shutil.rmtree(base, ignore_errors=True)
    folder.mkdir(parents=True)
    with shared_runtime(folder, options) as (objects, variables):
        command = [
            str(find_tool("verilator")), "--cc", "--exe", "--build", "-j", str(jobs), "-O3", "--assert",
            "--x-assign", "fast", "--x-initial", "fast", "--no-timing", "-Wno-fatal", "-Wno-lint",
            "-Wno-style", "-Werror-USERERROR", "--output-split", "20000", "--top-module", top,
            "-Mdir", str(folder), "-o", "harness.tmp", *options, *map(str, sources), str(harness), *objects,
        ]  # fmt: skip
        env = verilator_env(variables)
        run(command, cwd, folder / "verilator.log", "compiling the simulation", env=env)
    (folder / "harness.tmp").rename(program)
    return program, True


def _sources(design: Design, netlists: Sequence[Path]) -> list[Path]:
    """Sources in compile order, those of BUILD/rtl relative to it."""
    if not netlists:
        return [Path(name) for name in design.source_names]
    replaced = {name for layer in design.layers for name in layer.sources}
    return [*cells(), *netlists, *(Path(name) for name in design.source_names if name not in replaced)]


def _key(cwd: Path, sources: Sequence[Path], harness: Path, options: Sequence[str]) -> str:
    digest = hashlib.sha256(harness.read_bytes() + " ".join(options).encode())
    for path in sources:  # weights and thresholds are read when the simulation starts
        digest.update(path.name.encode() + (cwd / path).read_bytes())
    return digest.hexdigest()[:16]
