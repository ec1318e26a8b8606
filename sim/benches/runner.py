# SPDX-License-Identifier: Apache-2.0
"""Build a module with Verilator and run a cocotb test bench on it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from fpgan.hw.sources import held_checks
from fpgan.hw.system.environment import variable, variables_set
from fpgan.hw.system.tools import ToolError, require_tools, verilator_env
from fpgan.sim.compiled.verilated_runtime import shared_runtime

# Registers without a reset start at random values, so that a result that depends on one shows. The bench
# sees only the top's own signals: cocotb asks for all, which makes large modules slow to compile and run.
_BUILD_ARGS = (
    "-O3", "--assert", "--no-timing", "--x-assign", "unique", "--x-initial", "unique", "-Wno-DECLFILENAME",
    "--no-public-flat-rw", "--public-depth", "1", "-Werror-USERERROR", "--output-split", "0",
)  # fmt: skip
COVERAGE = "FPGAN_COVERAGE"
_COUNTED = ("--coverage-line", "--coverage-toggle")
_QUIET = ("-Wno-fatal", "-Wno-lint", "-Wno-style")


def run_cocotb(
    top: str,
    sources: Sequence[Path],
    test_module: str,
    build_dir: Path,
    parameters: Mapping[str, int | str] | None = None,
    plusargs: Sequence[str] = (),
    run_dir: Path | None = None,
    seeds: Sequence[int] = (1,),
    warnings: bool = True,
    optimize: bool = True,
    configured: bool = False,
) -> int:
    """Compile `sources` with `top` and run every cocotb test of `test_module` once with each seed.

    Returns how many tests there were.

    sources: in compile order. run_dir: working directory of the simulation ($readmemh paths are relative to
    it). seeds: of Python's random in the bench and of the uninitialized registers. warnings: Verilator's lint
    warnings are errors; switch off for sources that are not ours. optimize: the C++; switch off for netlists
    run for few cycles, which take longer to compile than to simulate. configured: registers start at 0, as
    after a bitstream was loaded, and not at random values.

    Raises ToolError where the build fails, AssertionError with each test's own message where a test fails.
    """
    compile_cocotb(top, [*sources, *held_checks()], build_dir, parameters, warnings, optimize)
    return simulate_cocotb(top, test_module, build_dir, plusargs, run_dir, seeds, configured)


def compile_cocotb(
    top: str,
    sources: Sequence[Path],
    build_dir: Path,
    parameters: Mapping[str, int | str] | None = None,
    warnings: bool = True,
    optimize: bool = True,
) -> None:
    """The program of a bench, in `build_dir`; the rest is as of run_cocotb. Raises ToolError.

    Where the variable FPGAN_COVERAGE names a folder, it counts what of its sources is reached.
    """
    from cocotb_tools.runner import get_runner

    require_tools("verilator", "make", "g++", "perl")
    build_dir.mkdir(parents=True, exist_ok=True)
    log, level = build_dir / "build.log", "" if optimize else " OPT_FAST=-O0"
    counted = _COUNTED if variable(COVERAGE) else ()
    with (
        shared_runtime(build_dir, ["cocotb", *counted]) as (objects, variables),
        variables_set(verilator_env(f"{variables} CURDIR=.{level}")),
    ):
        try:
            get_runner("verilator").build(
                sources=[str(path) for path in sources], hdl_toplevel=top,
                build_dir=build_dir, parameters=dict(parameters or {}), log_file=log,
                build_args=[*_BUILD_ARGS, *(() if warnings else _QUIET), *counted, *objects],
            )  # fmt: skip
        except (SystemExit, RuntimeError) as error:
            raise ToolError(f"building {top}: {_first_error(log)} (log: {log})", log=log) from error


def simulate_cocotb(
    top: str,
    test_module: str,
    build_dir: Path,
    plusargs: Sequence[str] = (),
    run_dir: Path | None = None,
    seeds: Sequence[int] = (1,),
    configured: bool = False,
) -> int:
    """Run what compile_cocotb has made, as run_cocotb says, which says what is raised too."""
    from cocotb_tools.runner import get_runner

    log, first, tests = build_dir / "run.log", 0 if configured else 2, 0
    for seed in seeds:
        start = [f"+verilator+rand+reset+{first}", f"+verilator+seed+{seed}"]
        if folder := variable(COVERAGE):
            start.append(f"+verilator+coverage+file+{Path(folder).resolve() / secrets.token_hex(8)}.dat")
        try:
            results = get_runner("verilator").test(
                test_module=test_module, hdl_toplevel=top, hdl_toplevel_lang="verilog", build_dir=build_dir,
                test_dir=run_dir or build_dir, plusargs=[*plusargs, *start], seed=seed, log_file=log,
                results_xml=str(build_dir / "results.xml"), extra_env={"COCOTB_LOG_LEVEL": "WARNING"},
            )  # fmt: skip
        except (SystemExit, RuntimeError) as error:
            _raise_failures(build_dir / "results.xml", log)
            raise ToolError(f"simulating {top} failed (log: {log})", log=log) from error
        tests += _raise_failures(results, log)
    return tests


def _first_error(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return next((line for line in lines if line.startswith(("%Error", "%Warning"))), "failed")


def _raise_failures(results: Path, log: Path) -> int:
    """AssertionError with the messages of all failed tests; else their number."""
    if not results.exists():
        raise AssertionError(f"the simulation ended without results; an assertion in the RTL? (log: {log})")
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    failed = [
        f"{case.get('name')}: {element.get('error_msg') or element.get('message') or element.text}"
        for case in cases
        for element in case
        if element.tag in ("failure", "error")
    ]
    if failed or not cases:
        raise AssertionError("\n".join([*failed, f"{len(failed)} of {len(cases)} tests failed (log: {log})"]))
    return len(cases)
