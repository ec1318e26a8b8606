# SPDX-License-Identifier: Apache-2.0
"""Programs that are run: the only module with subprocess. None of them outlives the process that started it.

Each child leads a process group of its own, and in that group something waits for the end of a pipe that only
this process holds, a leash. When the child has ended, or this process has, however it did, the leash ends and
with it whatever is left of the group. A terminal's Ctrl-C does not reach a child by itself: who waits for it
ends it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from fpgan.hw.system.environment import environment
from fpgan.hw.system.files import is_full, reason, writing
from fpgan.hw.system.signals import ending, handled
from fpgan.hw.system.tools import ToolError

_GRACE = 2.0  # seconds from SIGTERM to SIGKILL
_WATCHED = 0.5  # seconds between two looks at a program
# $0: the pipe. A shell that is gone at once starts what waits: a command may wait for all its children.
_LEASHED = """exec 9</dev/fd/"$0"
((trap '' TERM; read -r _; kill -s KILL -- -$$) <&9 >/dev/null 2>&1 &)
exec 9<&-
exec "$@"
"""


@dataclass(frozen=True)
class _Hold:
    """What ends a child: the leash, and the thread that waits for it."""

    leash: IO[bytes]
    thread: int


_running: dict[subprocess.Popen[bytes], _Hold] = {}


def run(
    command: Sequence[str],
    cwd: Path,
    log: Path,
    what: str,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    watch: Callable[[], None] | None = None,
) -> str:
    """Run a command with its output in `log`; returns that output.

    watch: called again and again while it runs; what that raises ends it. Raises ToolError: what failed, how,
    and where the log is; ValueError where the log cannot be written.
    """
    name = Path(command[0]).name
    with writing(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("wb")
    with output, _child(command, cwd, env, what, stdin=subprocess.DEVNULL, stdout=output) as process:
        try:
            code = _wait(process, timeout, watch)
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"{what}: {name} took more than {timeout:g} s (log: {log})", command, log
            ) from None
    if code:
        full = is_full(log.parent)
        how = f"{_ended(code)}{'; the disk is full' if full else ''}"
        raise ToolError(f"{what}: {name} {how} (log: {log})", command, log, passing=full or code < 0)
    return log.read_text(encoding="utf-8", errors="replace")


def _wait(process: subprocess.Popen[bytes], timeout: float | None, watch: Callable[[], None] | None) -> int:
    """The exit code. TimeoutExpired after `timeout` seconds."""
    if watch is None:
        return process.wait(timeout)
    last = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            return process.wait(_WATCHED)
        except subprocess.TimeoutExpired:
            if last is not None and time.monotonic() >= last:
                raise
        watch()


def start(command: Sequence[str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a program to talk to by its stdin and stdout; its stderr goes to `log`. `end` ends it."""
    with log.open("wb") as errors:
        return _started(
            command, cwd, None, "starting", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: asked first, then killed. One that has ended is left."""
    hold = _running.get(process)
    if hold is None:
        return
    try:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    finally:  # also where a second Ctrl-C comes
        _signal(process, signal.SIGKILL)
        process.wait()
        _let_go(process)


def end_all(threads: Collection[int] | None = None) -> None:
    """End the children that these threads have started, or all of this process."""
    children = [child for child, hold in list(_running.items()) if threads is None or hold.thread in threads]
    for child in children:
        _signal(child, signal.SIGTERM)
    for child in children:
        end(child)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the body, by KeyboardInterrupt or Terminated, and all children."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise ending(number)

    with handled(handle):
        try:
            yield
        finally:
            end_all()


@contextmanager
def _child(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None, what: str, **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that has ended with the body, by itself or because that ended by an error."""
    process = _started(command, cwd, env, what, stderr=subprocess.STDOUT, **streams)
    try:
        yield process
    except BaseException:
        end(process)
        raise
    finally:
        _let_go(process)


def _started(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None, what: str, **streams: Any
) -> subprocess.Popen[bytes]:
    if shutil.which(command[0], path=(env or {}).get("PATH")) is None:
        raise ToolError(f"{what}: {command[0]} not found", command, passing=True)
    pipe, held = os.pipe()
    leash = os.fdopen(held, "wb")  # an object, so that it ends where no child comes to be known
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            ["/bin/sh", "-c", _LEASHED, str(pipe), *command],
            cwd=cwd,
            env=environment(env or {}),
            start_new_session=True,
            pass_fds=(pipe,),
            **streams,
        )
    except OSError as error:
        why = f"{command[0]} cannot be run ({reason(error)})"
        raise ToolError(f"{what}: {why}", command, passing=True) from None
    finally:
        os.close(pipe)
    _running[process] = _Hold(leash, threading.get_ident())
    return process


def _let_go(process: subprocess.Popen[bytes]) -> None:
    hold = _running.pop(process, None)
    if hold is not None:
        hold.leash.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the child's group, which is there as long as its leash is held."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _ended(code: int) -> str:
    """How a child ended that failed."""
    return f"failed with {code}" if code > 0 else f"was ended by signal {-code}"
