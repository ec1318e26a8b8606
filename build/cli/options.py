# SPDX-License-Identifier: Apache-2.0
"""Kinds of options: what each takes is shown by --help, offered by completion, and checked at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import typer

from fpgan.build.cli.common import BAD_INPUT, Failed
from fpgan.hw.boards import boards, get_board

_SEEDS = 2**32 - 1  # the largest one


def whole(help: str, low: int, high: int | None = None, default: str = "") -> Any:
    """A whole number; default: in words, what is taken where none is given."""
    words = f"{low} or more" if high is None else f"{low} to {high:,}"
    most = math.inf if high is None else high
    return _option(help, f"INT {words}", _number(int, words, lambda n: low <= n <= most), default)


def real(help: str, low: float, high: float, ends: str = "[]", default: str = "") -> Any:
    """A number; ends: `[)` if it may be `low`, but not `high`, and so on."""
    words = (
        f"{'' if ends[0] == '[' else 'above '}{low:,.10g} to {'' if ends[1] == ']' else 'below '}{high:,.10g}"
    )

    def fits(number: float) -> bool:
        return low <= number <= high and (number, ends[0]) != (low, "(") and (number, ends[1]) != (high, ")")

    return _option(help, f"FLOAT {words}", _number(float, words, fits), default)


def seed(help: str, default: str = "") -> Any:
    """What numpy and torch both take."""
    return whole(help, 0, _SEEDS, default)


def choice(help: str, known: Sequence[str], default: str = "") -> Any:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f"{text}: must be one of {', '.join(known)}")
        return text

    return _option(help, "|".join(known), parse, default, lambda: known)


def suggested(help: str, known: Sequence[str], other: str) -> Any:
    """One of a few words, or something else, which is not looked at here."""
    return _option(help, "|".join((*known, other)), str, "", lambda: known)


def quantizer(what: str) -> Any:
    """Bits and scale of an input or output, as text."""
    return typer.Option(
        metavar="u8:0.00390625",
        help=f"{what} that the file does not quantize: sign, bits, value of one step.",
        show_default=False,
    )


def several(help: str, known: Callable[[], Sequence[str]], metavar: str, default: str = "") -> Any:
    """Words with commas between them, as text."""

    def parse(text: str) -> str:
        words = [word.strip() for word in text.split(",")]
        for word in words:
            if word not in known():
                raise typer.BadParameter(f"{text}: {word!r} is not one of {', '.join(known())}")
        return ",".join(words)

    return _option(help, metavar, parse, default, known)


def board(help: str, default: str = "") -> Any:
    """A board by any of its names; its name in boards.yaml is handed on."""

    def parse(text: str) -> str:
        try:
            return get_board(text).name
        except ValueError as error:
            raise Failed(str(error), BAD_INPUT) from None

    known = list(boards())
    more = f"{help}: {', '.join(known)}, also as PYNQ, FINN and Vivado write them."
    return _option(more, "BOARD", parse, default, lambda: known)


def _number(kind: type[Any], words: str, fits: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def parse(text: Any) -> Any:
        try:
            number = kind(text)
        except ValueError:
            raise typer.BadParameter(f"{text}: must be a number, {words}") from None
        if not fits(number):
            raise typer.BadParameter(f"{text}: must be {words}")
        return number

    return parse


def _option(
    help: str,
    metavar: str,
    parse: Callable[[Any], Any],
    default: str,
    known: Callable[[], Sequence[str]] | None = None,
) -> Any:
    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in known() if name.startswith(begun)] if known else []

    return typer.Option(
        help=help,
        metavar=metavar,
        parser=parse,
        show_default=default or True,
        autocompletion=complete if known else None,
    )
