# SPDX-License-Identifier: Apache-2.0
"""Programs that are run: the only module with subprocess. None of them outlives the command that started it.

Each child leads a process group of its own, so that what it starts ends with it. A terminal's Ctrl-C then
does not reach it by itself: who waits for it ends it, and `end_all` ends those that other threads wait for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from fpgan.hw.system.environment import environment
from fpgan.hw.system.tools import ToolError

_GRACE = 2.0  # seconds from SIGTERM to SIGKILL
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.RLock()  # a signal may come while it is held


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; its code is what a shell gives such an end."""


def run(
    command: Sequence[str],
    cwd: Path,
    log: Path,
    what: str,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command with its output in `log`; returns that output.

    Raises ToolError: what failed, how, and where the log is; ValueError where the log cannot be written.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output, _child(command, cwd, env, output=output) as process:
            code = process.wait(timeout)
    except FileNotFoundError:
        raise ToolError(f"{what}: {command[0]} not found", command) from None
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{what}: {command[0]} took more than {timeout:g} s (log: {log})", command, log
        ) from None
    except OSError as error:
        raise ValueError(f"{log}: cannot be written ({error.strerror})") from None
    if code:
        raise ToolError(f"{what}: {Path(command[0]).name} failed with {code} (log: {log})", command, log)
    return log.read_text(encoding="utf-8", errors="replace")


def start(command: Sequence[str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a program to talk to by its stdin and stdout; its stderr goes to `log`. `end` ends it."""
    with log.open("wb") as errors:
        return _started(command, cwd, None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: asked first, then killed."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()
    with _lock:
        _running.discard(process)


def end_all() -> None:
    """End every child of this process."""
    with _lock:
        processes = list(_running)
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        end(process)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end all children, then the body, by KeyboardInterrupt or Terminated."""

    def handle(number: int, frame: FrameType | None) -> None:
        end_all()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in numbers if _heeded(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heeded(number: signal.Signals) -> bool:
    """Whether a signal is not ignored, as nohup ignores SIGHUP."""
    return signal.getsignal(number) is not signal.SIG_IGN


@contextmanager
def _child(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None, output: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A child without input, its output in one file; it is ended where the body ends by an error."""
    process = _started(command, cwd, env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    except BaseException:
        end(process)
        raise
    with _lock:
        _running.discard(process)


def _started(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None, **streams: Any
) -> subprocess.Popen[bytes]:
    with _lock:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            list(command), cwd=cwd, env=environment(env or {}), start_new_session=True, **streams
        )
        _running.add(process)
    return process


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
