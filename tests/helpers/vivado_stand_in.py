# SPDX-License-Identifier: Apache-2.0
"""Runs a Vivado project in a Tcl interpreter against the recorder in tests/vivado: no run of Vivado."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RECORDER = Path(__file__).parent / "vivado"
_TKINTER = """
import sys, tkinter
try:
    tkinter.Tcl().eval("source {" + sys.argv[1] + "}")
except tkinter.TclError as error:
    sys.exit(str(error))
"""


def interpreter() -> list[str]:
    """Command that runs a Tcl file: tclsh, else the interpreter that Python's tkinter holds."""
    tclsh = shutil.which("tclsh")
    if tclsh:
        return [tclsh]
    try:
        import tkinter  # noqa: F401
    except ImportError:
        reason = "no Tcl interpreter: install tcl, or a Python with tkinter"
        if os.environ.get("FPGAN_REQUIRE_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return [sys.executable, "-c", _TKINTER]


def environment(
    log: Path,
    boards: str = "",
    version: str = "2022.2",
    slack: float = 0.25,
    hold: float = 0.125,
    pulse: float = 0.0,
    maps: int = 1,
) -> dict[str, str]:
    """What the recorder reads: board files, version, slacks, whether the packager makes memory maps."""
    return {
        "RECORDER_LOG": str(log),
        "RECORDER_BOARDS": boards,
        "RECORDER_VERSION": version,
        "RECORDER_SLACK": str(slack),
        "RECORDER_HOLD": str(hold),
        "RECORDER_PULSE": str(pulse),
        "RECORDER_MAPS": str(maps),
    }


def record(project: Path, folder: Path, **settings: str | float) -> tuple[str, list[str]]:
    """Run project/build.tcl. Returns the error's first line, "" without one, and the commands in order."""
    log, script = folder / "commands.log", folder / "run.tcl"
    log.unlink(missing_ok=True)
    script.write_text(f"source {{{RECORDER / 'recorder.tcl'}}}\nsource {{{project / 'build.tcl'}}}\n")
    done = subprocess.run(
        [*interpreter(), str(script)], env=os.environ | environment(log, **settings), cwd=folder, check=False,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    commands = log.read_text().splitlines() if log.exists() else []
    return ((done.stderr.strip() or "failed").splitlines()[0] if done.returncode else ""), commands


def install(folder: Path, **settings: str | float) -> Path:
    """A program `vivado` in `folder`, which answers -version and runs -source against the recorder."""
    values = environment(folder / "commands.log", **settings)
    exports = "\n".join(f"export {name}='{value}'" for name, value in values.items())
    command = " ".join(f"'{word}'" if " " in word else word for word in interpreter())
    program = folder / "vivado"
    program.write_text(f"""#!/bin/sh
{exports}
if [ "$1" = -version ]; then echo "vivado v$RECORDER_VERSION (64-bit)"; exit 0; fi
for last; do :; done
echo "source {{{RECORDER / "recorder.tcl"}}}; source {{$last}}" > {folder}/run.tcl
exec {command} {folder}/run.tcl
""")
    program.chmod(0o755)
    return program
