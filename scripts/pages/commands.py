# SPDX-License-Identifier: Apache-2.0
"""The page of the command line, made of what the commands say of themselves."""

from __future__ import annotations

import html
import inspect
from collections.abc import Iterator

import typer


def page() -> str:
    """Markdown: every command with its text, arguments and options."""
    from fpgan.build.cli.main import app  # loads the program

    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="fpgan")
    lines = ["# The command line", "", inspect.cleandoc(group.help or ""), ""]
    for name in group.list_commands(context):  # type: ignore[attr-defined]
        lines += _command(name, group.get_command(context, name), context)  # type: ignore[attr-defined]
    return "\n".join(lines) + "\n"


def _command(name: str, command: typer.core.TyperCommand, above: typer.Context) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=above)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (
        f"## fpgan {name}",
        "",
        f"`fpgan {name} {usage}`",
        "",
        inspect.cleandoc(command.help or ""),
        "",
    )
    yield from ("| | |", "|---|---|")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            written, said = (html.escape(" ".join(text.split())).replace("|", "&#124;") for text in record)
            yield f"| <code>{written}</code> | {said} |"
    yield ""
