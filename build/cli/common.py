# SPDX-License-Identifier: Apache-2.0
"""What the commands share: errors as one line with an exit code, progress, JSON output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fpgan.hw.system.tools import ToolError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
_err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result file to stdout.")]


@contextmanager
def errors() -> Iterator[None]:
    """Turn the errors that users can cause into one line on stderr and an exit code."""
    try:
        yield
    except ToolError as error:
        _err.print(f"[red]error:[/red] {_plain(error)}")
        raise typer.Exit(BAD_INPUT if "not found" in str(error) else FAILED) from None
    except (ValueError, FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        _err.print(f"[red]error:[/red] {_plain(error)}")
        raise typer.Exit(BAD_INPUT) from None
    except OSError as error:
        _err.print(f"[red]error:[/red] {error.filename or ''}: {error.strerror or error}")
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        _err.print("interrupted")
        raise typer.Exit(INTERRUPTED) from None


def _plain(error: Exception) -> str:
    text = str(error).replace("\n", " ").replace("[", "\\[")
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return text


@contextmanager
def steps(title: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the name of the current step and the time so far."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda name: progress.update(task, description=f"{title}: {name}")


@contextmanager
def bar(title: str) -> Iterator[Callable[..., None]]:
    """A progress bar; call with (done, total), optionally a dict of figures to show and another title."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[note]}"), TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(),
        TextColumn("left"),
    )  # fmt: skip
    with Progress(*columns, console=_err, transient=True) as progress:
        task = progress.add_task(title, total=None, note="")

        def update(done: int, total: int, figures: dict[str, float] | None = None, now: str = title) -> None:
            note = " ".join(f"{k} {v:.3g}" for k, v in (figures or {}).items())
            progress.update(task, description=now, completed=done, total=total, note=note)

        yield update


def show(result: Any, as_json: bool, lines: list[str]) -> None:
    """Print the result as JSON, or as lines for people."""
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        for line in lines:
            typer.echo(line)
