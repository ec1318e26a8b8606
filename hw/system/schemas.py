# SPDX-License-Identifier: Apache-2.0
"""A shape as JSON schema (draft 2020-12), and as rows of a table for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fpgan.hw.system.fields import SPREAD
from fpgan.hw.system.shapes import Each, Free, Maybe, Null, Number, OneOf, Said, Text, Whole

_MANY = 8  # values of which the page names some
_PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean"}
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


def schema(shape: Any) -> dict[str, Any]:
    """The JSON schema of a shape, which takes no other keys than the shape has."""
    match shape:
        case Said():
            told = {"description": _told(shape), "x-stable": shape.stable}
            return {**schema(shape.shape), **told, **({"x-unit": shape.unit} if shape.unit else {})}
        case Maybe():
            return schema(shape.shape)
        case Null():
            return {"anyOf": [schema(shape.shape), {"type": "null"}]}
        case Whole():
            return {"type": "integer", "minimum": shape.low, "maximum": shape.high}
        case Number():
            return {"type": "number", "exclusiveMinimum": shape.low, "maximum": shape.high}
        case Text():
            return {"type": "string", "pattern": f"^(?:{shape.pattern})$"}
        case OneOf():
            return {"enum": list(shape.values)}
        case Free():
            return {}
        case Each():
            return {"type": "object", "propertyNames": schema(shape.key),
                    "additionalProperties": schema(shape.value)}  # fmt: skip
        case list():
            return {"type": "array", "items": schema(shape[0])}
        case Mapping():
            return _object(shape)
    return {"type": _PLAIN[shape]}


def _object(shape: Mapping[str, Any]) -> dict[str, Any]:
    behind = {key: schema(inner) for key, inner in shape.items() if key.endswith(SPREAD)}
    patterns = {f"^{re.escape(key.removesuffix('*'))}": inner for key, inner in behind.items()}
    return {
        "type": "object",
        "properties": {key: schema(inner) for key, inner in shape.items() if key not in behind},
        **({"patternProperties": patterns} if patterns else {}),
        "required": [key for key, inner in shape.items() if not isinstance(inner, Maybe)],
        "additionalProperties": False,
    }


def _told(shape: Said) -> str:
    return f"{shape.text} [{shape.unit}]" if shape.unit else shape.text


def rows(shape: Any, name: str = "") -> Iterator[tuple[str, str, Said]]:
    """Name, kind and text of every field, those of an object behind its own: `layers[].name`, `fifos.*`."""
    match shape:
        case Said() | Maybe() | Null():
            yield from rows(shape.shape, name)
        case list():
            yield from rows(shape[0], f"{name}[]")
        case Each():
            yield from rows(shape.value, f"{name}.*")
        case Mapping():
            for key, inner in shape.items():
                full, said = f"{name}.{key}".lstrip("."), inner.shape if isinstance(inner, Maybe) else inner
                yield full, kind(inner), said
                yield from rows(inner, full)


def kind(shape: Any) -> str:
    """What a value is, in words."""
    match shape:
        case Said():
            return kind(shape.shape)
        case Maybe():
            return f"{kind(shape.shape)}; may be missing"
        case Null():
            return f"{kind(shape.shape)} or null"
        case Whole():
            return "whole number"
        case Number():
            return "number"
        case Text():
            return shape.called
        case OneOf():
            names = ["null" if value is None else f"`{value}`" for value in shape.values]
            return " or ".join(names) if len(names) < _MANY else f"{names[0]}, {names[1]} ... {names[-1]}"
        case Free():
            return "any value"
        case list():
            return f"list: {kind(shape[0])}"
        case Each():
            return f"object by name: {kind(shape.value)}"
        case Mapping():
            return "object"
    return _WORDS[shape]
