# SPDX-License-Identifier: Apache-2.0
"""What others wrote, as part of a line of our own: names in files, messages of libraries."""

from __future__ import annotations

_NAME, _MESSAGE = 80, 200


def brief(text: object, most: int = _NAME) -> str:
    """Printable, on one line, at most so many characters: the middle is left out, ... in its place."""
    whole = str(text)
    half = (most - 3) // 2
    short = whole if len(whole) <= most else f"{whole[:half]}...{whole[-half:]}"
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short)
    return shown if len(shown) <= most else f"{shown[:half]}...{shown[-half:]}"


def first_line(error: BaseException) -> str:
    """Of its message, or its type where it has none."""
    lines = str(error).strip().splitlines()
    return brief(lines[0], _MESSAGE) if lines else type(error).__name__
