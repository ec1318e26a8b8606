# SPDX-License-Identifier: Apache-2.0
"""`fpgan` as a process, and what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_MAIN = "from fpgan.build.cli.entry import main; main()"


def start(*arguments: object, cache: Path, log: Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A command in a session of its own, with a cache of its own; its output goes to `log`."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", _MAIN, *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=cwd,
            start_new_session=True,
        )  # fmt: skip


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def named(processes: list[psutil.Process], name: str) -> bool:
    """Whether one of them has a word with `name` in its command."""
    for process in processes:
        try:
            if any(name in word for word in process.cmdline()):
                return True
        except psutil.Error:
            pass
    return False


def wait_for(what: Callable[[], bool], seconds: float) -> bool:
    late = time.monotonic() + seconds
    while not what():
        if time.monotonic() > late:
            return False
        time.sleep(0.01)
    return True


def running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left(processes: list[psutil.Process], seconds: float = 5) -> list[str]:
    """Commands of those that are still running after some seconds; they are killed then."""
    wait_for(lambda: not any(map(running, processes)), seconds)
    found = [process for process in processes if running(process)]
    names = [" ".join(process.cmdline())[:200] for process in found]
    for process in found:
        process.kill()
    return names
