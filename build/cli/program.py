# SPDX-License-Identifier: Apache-2.0
"""How every command ends: one line for whatever users can cause, an exit code, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from fpgan.build.cli.common import BAD_INPUT, FAILED, INTERRUPTED, Failed
from fpgan.build.cli.interrupted import interrupted
from fpgan.hw.system.environment import variable
from fpgan.hw.system.tools import ToolError


class Program(TyperGroup):
    """The commands, and the only place where their errors are caught."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in given
        try:
            code = super().main(given or ["--help"], prog_name, complete_var, False, **extra)
        except Exception as error:
            line, code = _refusal(error)
            if as_json and not getattr(error, "printed", False):
                typer.echo(json.dumps({"error": line or f"{type(error).__name__}: {error}"}))
            if not line:
                raise
            colour = False if variable("NO_COLOR") else None  # None: where stderr is a terminal
            if code != INTERRUPTED:
                typer.secho("error: ", fg="red", nl=False, err=True, color=colour)
            typer.echo(line, err=True)
            sys.exit(code)
        if code == INTERRUPTED:
            interrupted(as_json)
        sys.exit(code or (0 if given else BAD_INPUT))


def _refusal(error: Exception) -> tuple[str, int]:
    """The line that says what the user can do, and the exit code; no line for what is a fault of ours."""
    if isinstance(error, Failed):
        return str(error), error.code
    if isinstance(error, ToolError):
        return _one_line(error), BAD_INPUT if "not found" in str(error) else FAILED
    if isinstance(error, typer.TyperException):
        return _usage(error), BAD_INPUT
    if isinstance(error, OSError):
        text = error.strerror or _one_line(error)
        name = error.filename2 or error.filename  # of a copy the one that is written
        line = _one_line(Exception(f"{name}: {text}" if name else text))
        known = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)
        return line, BAD_INPUT if isinstance(error, known) else FAILED
    return (_one_line(error) if isinstance(error, ValueError) else ""), BAD_INPUT


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _usage(error: typer.TyperException) -> str:
    """A wrong command line: the value of an option with what it may be, or where help is."""
    param = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and error.message and param is not None:
        return f"{param.opts[0]} {error.message}"
    text = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "fpgan"
    return f"{text[:1].lower()}{text[1:]}; see {command} --help"
