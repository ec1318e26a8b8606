# SPDX-License-Identifier: Apache-2.0
"""Build a module with Verilator and run a cocotb test bench on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from fpgan.hw.sources import held_checks
from fpgan.hw.system.environment import variables_set
from fpgan.hw.system.tools import ToolError, require_tools, verilator_env
from fpgan.sim.compiled.verilated_runtime import shared_runtime

# Registers without a reset start at random values, so that a result that depends on one shows. The bench
# sees only the top's own signals: cocotb asks for all, which makes large modules slow to compile and run.
_BUILD_ARGS = (
    "-O3", "--assert", "--no-timing", "--x-assign", "unique", "--x-initial", "unique", "-Wno-DECLFILENAME",
    "--no-public-flat-rw", "--public-depth", "1", "-Werror-USERERROR", "--output-split", "0",
)  # fmt: skip
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
    from cocotb_tools.runner import get_runner

    require_tools("verilator", "make", "g++", "perl")
    build_dir.mkdir(parents=True, exist_ok=True)
    build_log, run_log = build_dir / "build.log", build_dir / "run.log"
    runner = get_runner("verilator")
    level, first = "" if optimize else " OPT_FAST=-O0", 0 if configured else 2
    with (
        shared_runtime(build_dir, ["cocotb"]) as (objects, variables),
        variables_set(verilator_env(f"{variables} CURDIR=.{level}")),
    ):
        try:
            runner.build(
                sources=[str(path) for path in (*sources, *held_checks())], hdl_toplevel=top,
                build_dir=build_dir, parameters=dict(parameters or {}), log_file=build_log,
                build_args=[*_BUILD_ARGS, *(() if warnings else _QUIET), *objects],
            )  # fmt: skip
        except (SystemExit, RuntimeError) as error:
            raise ToolError(
                f"building {top}: {_first_error(build_log)} (log: {build_log})", log=build_log
            ) from error
        tests = 0
        for seed in seeds:
            start = [f"+verilator+rand+reset+{first}", f"+verilator+seed+{seed}"]
            try:
                results = runner.test(
                    test_module=test_module, hdl_toplevel=top, build_dir=build_dir,
                    test_dir=run_dir or build_dir, plusargs=[*plusargs, *start], seed=seed, log_file=run_log,
                    results_xml=str(build_dir / "results.xml"), extra_env={"COCOTB_LOG_LEVEL": "WARNING"},
                )  # fmt: skip
            except (SystemExit, RuntimeError) as error:
                _raise_failures(build_dir / "results.xml", run_log)
                raise ToolError(f"simulating {top} failed (log: {run_log})", log=run_log) from error
            tests += _raise_failures(results, run_log)
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
