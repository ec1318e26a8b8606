# SPDX-License-Identifier: Apache-2.0
"""fpgan doctor"""

from __future__ import annotations

import json as jsonlib

import typer

from fpgan.build.cli.common import Json, errors


def command(json: Json = False) -> None:
    """Say which tools are found, their versions, and what each one unlocks."""
    with errors():
        from fpgan.build.cli.found_tools import doctor
        from fpgan.hw.boards import boards

        found = doctor()
        if json:
            typer.echo(jsonlib.dumps(found, indent=2))
            return
        for tool in found:
            typer.echo(f"{tool['name']:18} {tool['version'] or 'not found':22} {tool['unlocks']}")
        typer.echo(f"boards: {', '.join(boards())}")
