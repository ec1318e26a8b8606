# SPDX-License-Identifier: Apache-2.0
"""What the commands share: results, failed checks, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130

Json = Annotated[bool, typer.Option("--json", help="Print the result to stdout as JSON; errors, too.")]


class Failed(Exception):
    """A check that failed, in one line; printed: whether stdout has it."""

    def __init__(self, line: str, code: int = FAILED, printed: bool = False) -> None:
        super().__init__(line)
        self.code, self.printed = code, printed


def show(result: Any, as_json: bool, lines: list[str], failed: str = "", code: int = FAILED) -> None:
    """Print the result as JSON, or as lines for people.

    failed: what is wrong with it, where something is: `error` in JSON, else a line on stderr, and the exit
    code.
    """
    if as_json:
        typer.echo(json.dumps(result | {"error": failed} if failed else result, indent=2))
    else:
        for line in lines:
            typer.echo(line)
    if failed:
        raise Failed(failed, code, printed=True)


@contextmanager
def steps(title: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the name of the current step and the time so far, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda name: progress.update(task, description=f"{title}: {name}")


@contextmanager
def bar(title: str) -> Iterator[Callable[..., None]]:
    """A progress bar; call with (done, total), optionally a dict of figures to show and another title."""
    if not sys.stderr.isatty():
        yield lambda *_, **__: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[note]}"), TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(),
        TextColumn("left"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None, note="")

        def update(done: int, total: int, figures: dict[str, float] | None = None, now: str = title) -> None:
            note = " ".join(f"{k} {v:.3g}" for k, v in (figures or {}).items())
            progress.update(task, description=now, completed=done, total=total, note=note)

        yield update
