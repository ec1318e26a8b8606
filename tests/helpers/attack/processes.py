# SPDX-License-Identifier: Apache-2.0
"""Commands as processes that are quick to start: forked off one that has imported everything."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_MARK = "FPGAN_ATTACK"  # a variable that all that a command starts inherits
_PATIENCE = 120.0  # seconds after which a command hangs


def import_all() -> None:
    """What the commands import when they run."""
    import torch

    import fpgan.build.cli.entry
    import fpgan.build.cli.main
    import fpgan.build.flow
    import fpgan.build.implement.bitstream
    import fpgan.build.implement.synthesize
    import fpgan.build.implement.verify
    import fpgan.build.report.page
    import fpgan.model.export
    import fpgan.model.train
    import fpgan.sim.pictures
    import fpgan.sim.simulate  # noqa: F401

    torch.set_num_threads(1)  # threads do not outlive a fork


@dataclass
class Command:
    """A command that runs; its output comes by a pipe, which no full disk cuts."""

    pid: int
    mark: str
    output: int
    started: float
    said: bytes = b""

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def text(self) -> str:
        """What it has said so far."""
        while True:
            try:
                part = os.read(self.output, 1 << 16)
            except BlockingIOError:
                part = b""
            self.said += part
            if not part:
                return self.said.decode("utf-8", "replace")

    def wait(self, seconds: float = _PATIENCE) -> int | None:
        """Its exit code, -N where signal N ended it; None where it hangs, and is killed."""
        while time.monotonic() - self.started < seconds:
            self.text()  # so that the pipe is never full
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def left(self, seconds: float = 5.0) -> list[str]:
        """Commands of what it started and that is still running after some seconds; killed then."""
        late = time.monotonic() + seconds
        while (found := _marked(self.mark)) and time.monotonic() < late:
            time.sleep(0.02)
        names = []
        for process in found:
            try:
                names.append(" ".join(process.cmdline())[:150])
                process.kill()
            except psutil.Error:
                pass
        return names


def begin(arguments: Sequence[str], folder: Path, cache: Path, mark: str, most: int | None = None) -> Command:
    """Start a command in `folder`. most: bytes that no file may grow beyond, also those of its children."""
    sys.stdout.flush()
    read, written = os.pipe()
    os.set_blocking(read, False)
    pid = os.fork()
    if pid == 0:
        _run(arguments, folder, cache, mark, written, most)
    os.close(written)
    return Command(pid, mark, read, time.monotonic())


def _run(
    arguments: Sequence[str], folder: Path, cache: Path, mark: str, output: int, most: int | None
) -> None:
    """The child: never returns. What marks its own children is no part of its environment in /proc."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        os.environ.update({_MARK: mark, "XDG_CACHE_HOME": str(cache), "NO_COLOR": "1"})
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        if most is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        sys.argv = ["fpgan", *arguments]
        from fpgan.build.cli.entry import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == mark:
                found.append(process)
        except psutil.Error:
            pass
    return found
