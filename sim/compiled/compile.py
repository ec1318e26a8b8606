# SPDX-License-Identifier: Apache-2.0
"""Compile a design with Verilator, alone or with its host interface, once per content."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.sources import cells, held_checks
from fpgan.hw.system.tools import find_tool, require_tools, verilator_env
from fpgan.sim.compiled.calls import check_calls, check_names
from fpgan.sim.compiled.programs import made_once, run_logged
from fpgan.sim.compiled.verilated_runtime import runtime_digest, shared_runtime

_HARNESS = Path(__file__).parent / "harness.cpp"
_HOST_HARNESS = Path(__file__).parent / "host_harness.cpp"
_FEW_LANES = 300  # up to which one call of g++ for all files takes less than one for each
_ONE_FILE = ("--output-split", "0")
_SAMPLED = Path(__file__).parent / "sampled.vlt"
_OF_NETLISTS = ("--output-split-cfuncs", "1000")  # g++ takes very long functions badly
_JOBS = 2
_OF_RUNTIME = ("--threads", "--trace")  # options that change Verilator's runtime


@dataclass(frozen=True)
class Compilation:
    """What is compiled of a design, and with what.

    netlists: one file per layer, in place of the layers' RTL. threads: of the program. trace: what its
    waveform is, vcd or fst; saif: the switching activity, of one PE of those that are alike. taps:
    SystemVerilog that is bound into the design.
    """

    netlists: tuple[Path, ...] = ()
    threads: int = 1
    trace: str = ""
    taps: str = ""


def compile_design(design: Design, what: Compilation, folder: Path, log: Path) -> tuple[Path, float]:
    """Compile BUILD/rtl and the harness in `folder`, of this process alone.

    Returns the program, which lasts as long as the folder, and the seconds spent: 0 where it is known from
    before by the content of the sources, the harness and the options. Raises ToolError; what Verilator and
    g++ said is then in `log`.
    """
    small = design.report["mac_lanes"] <= _FEW_LANES
    options = [
        *(_OF_NETLISTS if what.netlists else ()),
        *(_ONE_FILE if small and not (what.netlists or what.trace) else ()),
        *(["--threads", str(what.threads), *_flags(f"FPGAN_THREADS={what.threads}")]
          if what.threads > 1 else []),
        *(_flags("FPGAN_CLK2X") if design.pumped else []),
        *_trace_options(design, what.trace),
        *(_flags("FPGAN_TAPS") if what.taps else []),
        *(_flags("FPGAN_WEIGHTS") if design.weights else []),
        *(_flags(f"FPGAN_STREAMS={len(design.streams.layers)}") if design.streams else []),
    ]  # fmt: skip
    ours = [_SAMPLED] if what.trace == "saif" else []
    if what.taps:
        ours.append(folder / "taps" / "taps.sv")
        ours[-1].parent.mkdir(exist_ok=True)
        ours[-1].write_text(what.taps, encoding="utf-8")
    return compile_program(design.top, _sources(design, what.netlists), folder, log, _HARNESS, options, ours)


def compile_host(host: Host, folder: Path) -> Path:
    """The same of a design with its host interface, with host_harness.cpp."""
    gates = {path.name for path in cells()} <= set(host.sources)
    options = ["--prefix", "Vhost", *(_OF_NETLISTS if gates else ())]
    for name, wanted in (("FPGAN_AXI", host.options.bus == "axi"), ("FPGAN_CLK2X", host.pumped)):
        options += _flags(name) if wanted else []
    sources = [host.root / name for name in host.sources]
    return compile_program(host.top, sources, folder, host.root / "compile.log", _HOST_HARNESS, options)[0]


def _flags(*defined: str) -> list[str]:
    return [word for name in defined for word in ("-CFLAGS", f"-D{name}")]


def _trace_options(design: Design, trace: str) -> list[str]:
    """SAIF in the time of the design's clock, for what reads it takes signals per second from it."""
    if trace == "saif":
        half = f"FPGAN_HALF_PERIOD={round(5e5 / design.clock_mhz)}"
        return ["--trace-saif", "--no-trace-params", *_flags("FPGAN_WAVES", "FPGAN_ACTIVITY", half)]
    return [f"--trace-{trace}", *_flags("FPGAN_WAVES", f"FPGAN_{trace.upper()}")] if trace else []


def compile_program(
    top: str,
    sources: Sequence[Path],
    folder: Path,
    log: Path,
    harness: Path,
    options: Sequence[str],
    ours: Sequence[Path] = (),
) -> tuple[Path, float]:
    """The program for a top and a harness, and its seconds. ours: sources that are not of the BUILD."""
    require_tools("verilator", "make", "g++", "perl")
    ours = [*held_checks(), *ours]
    everything = [*ours, *sources]
    names, program = _linked_names(everything), folder / "program"

    def make() -> None:
        work = folder / "make"
        work.mkdir()
        for source, name in zip(everything, names, strict=True):
            if not (link := work / name.parent).exists():
                link.symlink_to(source.parent)
        shutil.copy(harness, work)
        verilator = _Verilator.linked(work, log, [f"-I{name}" for name in sorted({x.parent for x in names})])
        verilator.check([str(name) for name in names[len(ours) :]])
        verilator.compile(top, [*map(str, names), harness.name], options)
        (work / "harness").rename(program)
        shutil.rmtree(work)

    return program, made_once(program, _key(top, everything, names, harness, options), make)


@dataclass(frozen=True)
class _Verilator:
    """Verilator, make and g++ in a folder, by names in it alone: no path of the user's reaches make."""

    folder: Path
    log: Path
    included: Sequence[str]

    @classmethod
    def linked(cls, folder: Path, log: Path, included: Sequence[str]) -> _Verilator:
        program = find_tool("verilator")
        assert program is not None
        (folder / "root").symlink_to(program.parent.parent)
        return cls(folder, log, included)

    def check(self, names: Sequence[str]) -> None:
        """ValueError where sources call what reaches out of the simulation."""
        check_names(names)
        check_calls(self._run(["-E", "-P", *names], "reading the RTL"))

    def compile(self, top: str, names: Sequence[str], options: Sequence[str]) -> None:
        """Leaves `harness` in the folder."""
        of_runtime = [word for word in options if word.startswith(_OF_RUNTIME)]
        with shared_runtime(self.folder, of_runtime) as (objects, variables):
            arguments = [
                "--cc", "--exe", "--build", "-j", str(_JOBS), "-O3", "--x-assign", "fast",
                "--x-initial", "unique", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Werror-USERERROR",
                "--output-split", "20000", "--top-module", top, "-Mdir", ".", "-o", "harness",
                *options, *names, *objects,
            ]  # fmt: skip
            self._run(arguments, "compiling the simulation", variables)

    def _run(self, arguments: Sequence[str], what: str, variables: str = "") -> str:
        """CURDIR: Verilator's makefile wants to know that the folder's own path has no spaces."""
        command = [str(find_tool("verilator")), "--no-timing", "--assert", *self.included, *arguments]
        env = verilator_env(f"{variables} CURDIR=.")
        env |= {"VERILATOR_ROOT": "root", "VERILATOR_BIN": "root/bin/verilator_bin"}
        return run_logged(command, self.folder, self.folder, self.log, what, env)


def _linked_names(sources: Sequence[Path]) -> list[Path]:
    """A name in the compilation's own folder for each source: a link to its folder, and its own name."""
    links: dict[Path, str] = {}
    for folder in dict.fromkeys(source.parent for source in sources):
        plain = re.sub(r"[^a-z]", "", folder.name) or "rtl"
        links[folder] = plain if plain not in links.values() else f"{plain}{len(links)}"
    return [Path(links[source.parent], source.name) for source in sources]


def _sources(design: Design, netlists: Sequence[Path]) -> list[Path]:
    """Sources in compile order."""
    if not netlists:
        return design.sources
    replaced = {name for layer in design.layers for name in layer.sources}
    return [*cells(), *netlists, *(design.rtl / name for name in design.source_names if name not in replaced)]


def _key(
    top: str, sources: Sequence[Path], names: Sequence[Path], harness: Path, options: Sequence[str]
) -> str:
    digest = hashlib.sha256(harness.read_bytes() + " ".join([top, *options]).encode())
    digest.update(runtime_digest(options).encode())
    for path, name in zip(sources, names, strict=True):  # weights and thresholds are read when it starts
        content = path.read_bytes()
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:32]
