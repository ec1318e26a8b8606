# SPDX-License-Identifier: Apache-2.0
"""Verilator's own runtime, compiled once per machine and kind of simulation instead of once per design."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.tools import find_tool, verilator_env

_OBJECTS = "verilated*.o"


@contextmanager
def shared_runtime(folder: Path, options: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """While a simulation is compiled in `folder`: arguments of Verilator and variables of its make besides.

    Where the runtime is in the cache, they are its objects and that none is to be compiled; else nothing, and
    what is compiled is kept. options: Verilator's, those that change how its runtime is compiled among them.
    A cache that cannot be written costs time, nothing else.
    """
    kept = cache_dir() / "verilated" / _digest(options)
    objects = sorted(kept.glob(_OBJECTS))
    if objects:
        yield [str(path) for path in objects], " VM_GLOBAL_FAST= VM_GLOBAL_SLOW="
        return
    yield [], ""
    with suppress(OSError):
        _keep(folder, kept)


def _keep(folder: Path, kept: Path) -> None:
    """All objects or none; others may be doing the same."""
    partial = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        for path in folder.glob(_OBJECTS):
            shutil.copy(path, partial)
        partial.rename(kept)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _digest(options: Sequence[str]) -> str:
    env = verilator_env()
    digest = hashlib.sha256("\n".join([*options, env["MAKEFLAGS"]]).encode())
    for path in sorted((Path(env["VERILATOR_ROOT"]) / "include").glob("verilated*")):
        digest.update(path.name.encode() + path.read_bytes())
    compiler = find_tool("g++")
    if compiler is not None:
        real = compiler.resolve()
        digest.update(f"{real} {real.stat().st_size} {real.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
