# SPDX-License-Identifier: Apache-2.0
"""No program outlives the process that started it, however that ends; failures are one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from commands import left

from fpgan.hw.system.children import end, end_all, run, start
from fpgan.hw.system.tools import ToolError

FAMILY = "sleep 100 & sleep 100"  # a shell and two of its own


def family(shell):
    """A process and all below it, once there are as many as in FAMILY."""
    found = []
    while len(found) < 3:
        time.sleep(0.01)
        found = [shell, *shell.children(recursive=True)]
    return found


@pytest.fixture
def here(tmp_path):
    """cwd and log."""
    return tmp_path, tmp_path / "log"


def test_output_and_failures(here):
    assert run(["sh", "-c", "echo out; cat; echo err >&2"], *here, "x") == "out\nerr\n"
    for command, says in (
        (["sh", "-c", "exit 3"], r"x: sh failed with 3 \(log: .*log\)"),
        (["sh", "-c", "kill -9 $$"], r"x: sh was ended by signal 9 \(log:"),
        (["/no/such"], "x: /no/such not found"),
    ):
        with pytest.raises(ToolError, match=says):
            run(command, *here, "x")
    with pytest.raises(ToolError, match=r"sleep took more than 0\.1 s \(log:"):
        run(["sleep", "100"], *here, "x", timeout=0.1)
    with pytest.raises(ValueError, match=r"/proc/x/log: cannot be written \(No such file"):
        run(["true"], here[0], here[1].__class__("/proc/x/log"), "x")
    with pytest.raises(ToolError, match="true cannot be run"):
        run(["true"], here[0] / "absent", here[1], "x")


def test_arguments_are_no_shell_s(here):
    assert run(["printf", "%s|", "$HOME", "a;b", "* '\""], *here, "x") == "$HOME|a;b|* '\"|"


def test_what_a_program_leaves_behind_ends_with_it(here):
    text = run(["sh", "-c", "sleep 100 & echo $!"], *here, "x")
    assert not psutil.pid_exists(int(text)) or left([psutil.Process(int(text))]) == []


def test_end_takes_all_that_was_started(here):
    process = start(["sh", "-c", FAMILY], *here)
    started = family(psutil.Process(process.pid))
    end(process)
    assert process.returncode == -signal.SIGTERM and left(started) == []
    end(process)  # again: nothing


def test_what_does_not_heed_is_killed(here, monkeypatch):
    monkeypatch.setattr("fpgan.hw.system.children._GRACE", 0.1)
    process = start(["sh", "-c", "trap '' TERM; echo; while true; do sleep 0.01; done"], *here)
    assert process.stdout.readline() == b"\n"
    end(process)
    assert process.returncode == -signal.SIGKILL


def test_children_of_some_threads(here):
    """A layer whose synthesis fails ends the others of that synthesis, not those of another one."""
    other, codes = start(["sleep", "100"], *here), []

    def work():
        with pytest.raises(ToolError) as caught:
            run(["sleep", "100"], *here, "x")
        codes.append(str(caught.value))

    thread = threading.Thread(target=work)
    thread.start()
    while not codes:
        time.sleep(0.01)
        end_all({thread.ident})
    thread.join()
    assert "was ended by signal 15" in codes[0] and other.poll() is None
    end(other)


COMMAND = """
import sys
from pathlib import Path
from fpgan.hw.system.children import ended_by_signals, run
with ended_by_signals():
    run(["sh", "-c", sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[2]) / "log", "x")
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGINT, -signal.SIGINT),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_nothing_outlives_a_command(tmp_path, number, code):
    """perl, make, g++ and Yosys went on after SIGTERM, and wrote into BUILD."""
    command = [sys.executable, "-c", COMMAND, FAMILY, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        shell = None
        while shell is None:
            time.sleep(0.01)
            shell = next((p for p in psutil.Process(process.pid).children() if p.name() == "sh"), None)
        started = family(shell)
        os.kill(process.pid, number)
        assert process.wait(10) == code and left(started) == []


def test_ignored_signals_stay_so(tmp_path):
    """As nohup has them."""
    command = [sys.executable, "-c", COMMAND, "kill -HUP $PPID; echo done", str(tmp_path)]
    done = subprocess.run(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command], check=False)
    assert done.returncode == 0 and (tmp_path / "log").read_text() == "done\n"


def test_who_watches_a_program_can_end_it(here):
    """Looks until it has had enough; the time limit holds all the same."""
    looks = []

    def watch():
        looks.append(here[1].read_text())
        if len(looks) == 2:
            raise ToolError("enough")

    with pytest.raises(ToolError, match="enough"):
        run(["sh", "-c", f"echo out; {FAMILY}"], *here, "x", watch=watch)
    assert looks == ["out\n", "out\n"] and not left(psutil.Process().children(recursive=True))
    with pytest.raises(ToolError, match="took more than 0"):
        run(["sleep", "100"], *here, "x", timeout=0.1, watch=lambda: None)
    assert run(["echo", "out"], *here, "x", watch=watch) == "out\n"
