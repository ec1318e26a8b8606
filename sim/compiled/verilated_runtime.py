# SPDX-License-Identifier: Apache-2.0
"""Verilator's own runtime, compiled once per machine and kind of simulation instead of once per design."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.files import write_json
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.tools import find_tool, verilator_env

_OBJECTS = "verilated*.o"
_SUMS = "sums.json"


@contextmanager
def shared_runtime(folder: Path, options: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """While a simulation is compiled in `folder`: arguments of Verilator and variables of its make besides.

    Where the runtime is in the cache, they are its objects, copied into `folder`, and that none is to be
    compiled; else nothing, and what is compiled is kept. options: Verilator's, those that change how its
    runtime is compiled among them. A cache that cannot be written costs time, nothing else.
    """
    kept = cache_dir() / "verilated" / runtime_digest(options)
    if objects := _copied(kept, folder):
        yield objects, " VM_GLOBAL_FAST= VM_GLOBAL_SLOW="
        return
    yield [], ""
    with suppress(OSError, ValueError):
        _keep(folder, kept)


def _copied(kept: Path, folder: Path) -> list[str]:
    """Names of the runtime's objects, now in `folder`; none where the cache has not all of them whole."""
    try:
        sums = read_json(kept / _SUMS)
        for name, digest in sums.items():
            content = (kept / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != digest:
                return []
            (folder / name).write_bytes(content)
    except (OSError, ValueError):
        return []
    return sorted(sums)


def _keep(folder: Path, kept: Path) -> None:
    """All objects or none; others may be doing the same."""
    partial = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    try:
        partial.mkdir(parents=True)
        objects = [Path(shutil.copy(path, partial)) for path in folder.glob(_OBJECTS)]
        sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in objects}
        write_json(partial / _SUMS, sums)
        if kept.exists():  # and is damaged, or there is another by now
            shutil.rmtree(kept)
        partial.rename(kept)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def runtime_digest(options: Sequence[str]) -> str:
    """Hash of Verilator, the compiler and the options."""
    env = verilator_env()
    digest = hashlib.sha256("\n".join([*options, env["MAKEFLAGS"]]).encode())
    for path in sorted((Path(env["VERILATOR_ROOT"]) / "include").glob("verilated*")):
        digest.update(path.name.encode() + path.read_bytes())
    compiler = find_tool("g++")
    if compiler is not None:
        real = compiler.resolve()
        digest.update(f"{real} {real.stat().st_size} {real.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
