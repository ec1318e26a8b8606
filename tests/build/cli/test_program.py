# SPDX-License-Identifier: Apache-2.0
"""How commands end that went wrong underway: the line, the exit code, and what programs get."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from fpgan.build.cli.common import BAD_INPUT, Json, bar, show, steps
from fpgan.build.cli.program import Program
from fpgan.hw.system.tools import ToolError


def ended(body: Any, *arguments: str) -> Result:
    """Of a program whose one command is `body`."""
    app = typer.Typer(cls=Program, pretty_exceptions_enable=False)

    @app.callback()
    def _root() -> None: ...

    @app.command()
    def go(json: Json = False) -> None:
        with steps("go"), bar("go"):
            body(json)

    return CliRunner().invoke(app, ["go", *arguments])


def raising(error: BaseException) -> Any:
    def body(as_json: bool) -> None:
        raise error

    return body


ENDINGS = [
    (ValueError("a: is\nwrong"), 2, "error: a: is wrong"),
    (ValueError("name \x1b[31m\udce4: is wrong"), 2, "error: name \\x1b[31m\\udce4: is wrong"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "x.npz"), 2, "error: x.npz: No such file "),
    (OSError(errno.ENOSPC, "No space left on device"), 1, "error: No space left on device"),
    (ToolError("yosys: failed with 1"), 1, "error: yosys: failed with 1"),
    (ToolError("make not found; install make"), 2, "error: make not found; install make"),
    (KeyboardInterrupt(), 130, "interrupted"),
]


@pytest.mark.parametrize(("error", "code", "says"), ENDINGS, ids=[repr(e) for e, _, _ in ENDINGS])
def test_errors_are_one_line_for_people_and_programs(error: BaseException, code: int, says: str) -> None:
    plain, for_programs = ended(raising(error)), ended(raising(error), "--json")
    for done in (plain, for_programs):
        assert done.exit_code == code
        assert done.stderr.startswith(says) and done.stderr.count("\n") == 1
    assert plain.stdout == ""
    line = for_programs.stderr.strip().removeprefix("error: ")
    assert json.loads(for_programs.stdout) == {"error": line}


def test_a_fault_of_ours_keeps_its_traceback_and_programs_get_json_all_the_same() -> None:
    done = ended(raising(KeyError("x")), "--json")
    assert isinstance(done.exception, KeyError)
    assert json.loads(done.stdout) == {"error": "KeyError: 'x'"}


@pytest.mark.parametrize(("failed", "code"), [("", 0), ("3 pixels differ", 1)])
def test_a_failed_check_leaves_the_result_readable(failed: str, code: int) -> None:
    result = {"mismatches": 3}
    done = ended(lambda as_json: show(result, as_json, ["3 mismatches"], failed), "--json")
    assert (done.exit_code, done.stderr) == (code, f"error: {failed}\n" if failed else "")
    assert json.loads(done.stdout) == result | ({"error": failed} if failed else {})
    done = ended(lambda as_json: show(result, as_json, ["3 mismatches"], failed))
    assert (done.exit_code, done.stdout) == (code, "3 mismatches\n")
    refused = ended(lambda as_json: show(result, as_json, [], "blocked", BAD_INPUT))
    assert (refused.exit_code, refused.stderr) == (2, "error: blocked\n")
