# SPDX-License-Identifier: Apache-2.0
"""What the values of a file must look like, said as a shape and checked before any of them is used.

A shape is a type (`int`, `float` with whole numbers, `str`, `bool`), `Whole`, `Number`, `Text` or `OneOf`, a
list of one shape for a list of such values, a dict of shapes by key for an object, `Each` for one whose keys
are data, `Maybe` for what may be left out, `Null` for what may be null, `Said` for one with words on it,
`Free` for any value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpgan.hw.system.reading import DamagedError

_EXACT = 1 << 53  # up to which whole numbers are floats
_SHOWN = 60  # characters of a wrong value


@dataclass(frozen=True)
class Whole:
    """A whole number from low to high."""

    low: int = 0
    high: int = 2**63 - 1


@dataclass(frozen=True)
class Number:
    """A finite number above low, up to high."""

    low: float = 0.0
    high: float = 1e18


@dataclass(frozen=True)
class Text:
    """Text that a pattern takes whole; what it is called in errors."""

    pattern: str
    called: str


@dataclass(frozen=True)
class OneOf:
    """One of these values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Free:
    """Any value of JSON."""


@dataclass(frozen=True)
class Each:
    """An object with keys of one shape and values of another."""

    key: Any
    value: Any


@dataclass(frozen=True)
class Maybe:
    """A value that may be missing from its object."""

    shape: Any


@dataclass(frozen=True)
class Null:
    """A value that may be null."""

    shape: Any


@dataclass(frozen=True)
class Said:
    """A value with what it means, its unit, and whether it stays as it is from version to version."""

    shape: Any
    text: str
    unit: str = ""
    stable: bool = False


def check_shape(data: Any, shape: Any, path: Path, then: str = "") -> None:
    """DamagedError that names the first value of a file which is not as its shape says; other keys pass."""
    found = _wrong(data, shape, "")
    if found is not None:
        raise DamagedError(path, found, then)


def _wrong(value: Any, shape: Any, name: str) -> str | None:
    """What is wrong with a value, None if nothing is."""
    if isinstance(shape, Maybe | Null | Said):
        return None if value is None and isinstance(shape, Null) else _wrong(value, shape.shape, name)
    wanted = _wanted(value, shape)
    if wanted:
        text = repr(value)
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        return f"{name or 'it'}={text}: must be {wanted}"
    parts: list[tuple[Any, Any, str]] = []
    if isinstance(shape, list):
        parts = [(part, shape[0], f"{name}[{i}]") for i, part in enumerate(value)]
    elif isinstance(shape, Each):
        parts = [(key, shape.key, f"a name in {name or 'it'}") for key in value]
        parts += [(part, shape.value, f"{name}.{key}"[:_SHOWN].lstrip(".")) for key, part in value.items()]
    elif isinstance(shape, Mapping):
        for key, inner in shape.items():
            full = f"{name}.{key}".lstrip(".")
            if key in value:
                parts.append((value[key], inner, full))
            elif not isinstance(inner, Maybe):
                return f"has no {full}"
    return next((wrong for part in parts if (wrong := _wrong(*part)) is not None), None)


def _wanted(value: Any, shape: Any) -> str | None:
    """What a value should be that is not of its shape, inner ones aside."""
    kind = type(value)
    if isinstance(shape, Free):
        return None
    if isinstance(shape, Whole):
        ok = kind is int and shape.low <= value <= shape.high
        return None if ok else f"a whole number from {shape.low} to {shape.high}"
    if isinstance(shape, Number):
        ok = kind in (int, float) and shape.low < value <= shape.high
        return None if ok else f"a number above {shape.low:g}, up to {shape.high:g}"
    if isinstance(shape, Text):
        return None if kind is str and re.fullmatch(shape.pattern, value, re.ASCII) else shape.called
    if isinstance(shape, OneOf):
        ok = any(kind is type(known) and value == known for known in shape.values)
        return None if ok else " or ".join(map(str, shape.values))
    if isinstance(shape, list):
        return None if kind is list else "a list"
    if isinstance(shape, Each | Mapping):
        return None if isinstance(value, dict) else "an object"
    if shape is float:
        ok = math.isfinite(value) if kind is float else kind is int and abs(value) <= _EXACT
        return None if ok else "a finite number"
    return None if kind is shape else {int: "a whole number", str: "text", bool: "true or false"}[shape]
