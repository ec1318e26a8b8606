# SPDX-License-Identifier: Apache-2.0
"""fpgan doctor"""

from __future__ import annotations

from fpgan.build.cli.common import Json, show


def command(json: Json = False) -> None:
    """Say which tools are found, their versions, and what each one unlocks.

    Example: `fpgan doctor --json`
    """
    from fpgan.build.cli.found_tools import doctor
    from fpgan.hw.boards import boards

    found = doctor()
    lines = [f"{t['name']:18} {_state(t):22} {t['unlocks']}" for t in found]
    show(found, json, [*lines, f"boards: {', '.join(boards())}"])


def _state(tool: dict[str, str | bool]) -> str:
    """Its version; of a program that does not say one, that it is there."""
    return str(tool["version"]) or ("found" if tool["found"] else "not found")
