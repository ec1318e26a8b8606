# SPDX-License-Identifier: Apache-2.0
"""The part of JSON schema (draft 2020-12) that our schemas use, by the standard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip
_KNOWN = {
    "$schema", "title", "description", "x-unit", "x-stable", "type", "enum", "anyOf", "properties",
    "required", "additionalProperties",
    "propertyNames", "patternProperties", "items", "pattern", "minimum", "maximum", "exclusiveMinimum",
}  # fmt: skip


def faults(value: Any, schema: Any, at: str = "") -> Iterator[str]:
    """Where a value is not as the schema says; AssertionError for a keyword that this does not know."""
    if schema is False:
        yield f"{at}: unknown"
        return
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    if "enum" in schema and not any(type(value) is type(one) and value == one for one in schema["enum"]):
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "anyOf" in schema and all(any(faults(value, one, at)) for one in schema["anyOf"]):
        yield f"{at}: {value!r} fits none of {schema['anyOf']}"
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is no {kind}"
    elif kind == "object":
        yield from _object(value, schema, at)
    elif kind == "array":
        for index, one in enumerate(value):
            yield from faults(one, schema["items"], f"{at}[{index}]")
    elif kind == "string" and not re.search(schema.get("pattern", ""), value, re.ASCII):
        yield f"{at}: {value!r} is not {schema['pattern']}"
    elif kind in ("integer", "number"):
        low, above = schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1)
        if not (low <= value <= schema.get("maximum", value) and value > above):
            yield f"{at}: {value} is out of range"


def _object(value: dict[str, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    patterns = schema.get("patternProperties", {})
    yield from (f"{at}.{key}: missing" for key in schema.get("required", []) if key not in value)
    for key, one in value.items():
        yield from faults(key, schema.get("propertyNames", {}), f"{at}, a name")
        behind = next((inner for pattern, inner in patterns.items() if re.search(pattern, key)), rest)
        yield from faults(one, properties.get(key, behind), f"{at}.{key}")
