# SPDX-License-Identifier: Apache-2.0
"""What a JSON file of ours holds, said once: frozen dataclasses with a line of text for each field.

The code that writes a file fills the dataclass (`as_written`), the code that reads it checks against its
shape (`shape_of`), and the JSON schema and the page for people are made of that shape (schemas.py).

    @dataclass(frozen=True, kw_only=True)
    class Counted:
        images: int = said("simulated", "images", stable=True, within=Whole(1))
        label: int | None = said("asked for")
        waves: str = said("the file's name", may_lack=True)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fpgan.hw.system.shapes import Each, Maybe, Null, OneOf, Said


@dataclass(frozen=True)
class _Left:
    """The value of a field that stays out of the file; false where it is asked."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "LEFT_OUT"


LEFT_OUT: Any = _Left()
SPREAD = ".*"  # ends the key, in a shape, of a field whose own keys stand beside the others


def said(
    text: str,
    unit: str = "",
    *,
    stable: bool = False,
    within: Any = None,
    may_lack: bool = False,
    key: str | None = None,
    spread: bool = False,
    default: Any = MISSING,
) -> Any:
    """A field of a file's dataclass.

    stable: name and meaning stay. within: a shape that is narrower than the field's type, null aside.
    may_lack: the key may not be there at all. key: what it is called in the file, where not as the field.
    spread: an object whose keys stand among the others, each behind the field's name and a dot.
    """
    metadata = {"text": text, "unit": unit, "stable": stable, "within": within, "key": key,
                "spread": spread}  # fmt: skip
    return dataclasses.field(default=LEFT_OUT if may_lack else default, metadata=metadata)


def plain(value: Any) -> Any:
    """What json.dumps takes of a filled dataclass: keys in the order of its fields."""
    if dataclasses.is_dataclass(value):
        return {key: plain(inner) for key, inner in _pairs(value) if inner is not LEFT_OUT}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def told(filled: Any) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Key, value and what was said, of each field that is there."""
    for field in _fields(filled):
        value = getattr(filled, field.name)
        if value is not LEFT_OUT:
            yield _key(field), value, field.metadata


def _pairs(filled: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values as the file has them."""
    for field in _fields(filled):
        key, value = _key(field), getattr(filled, field.name)
        if field.metadata["spread"]:
            yield from ((f"{_prefix(key)}{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def _gathered(cls: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """The other way: what is spread, in an object of its own."""
    left = dict(data)
    for key in (_key(field) for field in _fields(cls) if field.metadata["spread"]):
        names = [name for name in left if name.startswith(_prefix(key))]
        left[key] = {name.removeprefix(_prefix(key)): left.pop(name) for name in names}
    return left


def _prefix(key: str) -> str:
    return key.removesuffix(SPREAD) + "."


def fill(cls: Any, data: Mapping[str, Any], others: bool = False) -> Any:
    """The dataclass with these values by the keys of its file, dataclasses in it filled likewise.

    others: keys that it does not have pass. TypeError for those else, and for what is missing.
    """
    hints, data = get_type_hints(cls), _gathered(cls, data)
    names = {_key(field): field.name for field in _fields(cls)}
    strange = data.keys() - names.keys()
    if strange and not others:
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(strange))}")
    return cls(**{names[k]: _fill(hints[names[k]], v, others) for k, v in data.items() if k in names})


def _fill(kind: Any, value: Any, others: bool) -> Any:
    origin, inner = get_origin(kind), [one for one in get_args(kind) if one is not NoneType]
    if value is None or dataclasses.is_dataclass(value):
        return value
    if origin in (UnionType, Union):
        return _fill(inner[0], value, others)
    if dataclasses.is_dataclass(kind):
        return fill(kind, value, others)
    if origin in (list, tuple, Sequence):
        return tuple(_fill(inner[0], one, others) for one in value)
    if origin in (dict, Mapping):
        return {key: _fill(inner[1], one, others) for key, one in value.items()}
    return value


def as_written(cls: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into the file: data, which must have the dataclass' keys and no others, at every level."""
    written: dict[str, Any] = plain(fill(cls, data))
    return written


def shape_of(cls: Any) -> dict[str, Any]:
    """The shape of an object that a dataclass describes. TypeError for a type that no shape says."""
    hints = get_type_hints(cls)
    shapes = {}
    for field in _fields(cls):
        said = field.metadata
        shape = Said(_shape(hints[field.name], said["within"]), said["text"], said["unit"], said["stable"])
        may_lack = field.default is LEFT_OUT or said["spread"]
        shapes[_key(field)] = Maybe(shape) if may_lack else shape
    return shapes


def shape_of_older(cls: Any) -> dict[str, Any]:
    """The same for a file that another version may have written: keys that are not stable may be missing."""
    return {
        key: inner if isinstance(inner, Said) and inner.stable else Maybe(inner)
        for key, inner in shape_of(cls).items()
    }


def shape_of_part(cls: Any) -> Any:
    """The same where any key may be missing, at any level; for those who ask for few of them."""
    return _loose(shape_of(cls))


def _loose(shape: Any) -> Any:
    match shape:
        case Maybe() | Null() | Said():
            return dataclasses.replace(shape, shape=_loose(shape.shape))
        case Each():
            return Each(shape.key, _loose(shape.value))
        case list():
            return [_loose(shape[0])]
        case Mapping():
            return {key: Maybe(_loose(inner)) for key, inner in shape.items()}
    return shape


def _fields(cls: Any) -> list[dataclasses.Field[Any]]:
    """Those that were said."""
    return [field for field in dataclasses.fields(cls) if "text" in field.metadata]


def _key(field: dataclasses.Field[Any]) -> str:
    return (field.metadata["key"] or field.name) + SPREAD * field.metadata["spread"]


def _shape(kind: Any, within: Any = None) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union) and NoneType in inner:
        return Null(_shape(next(one for one in inner if one is not NoneType), within))
    if within is not None:
        return within
    if dataclasses.is_dataclass(kind):
        return shape_of(kind)
    if origin in (list, tuple, Sequence):
        return [_shape(inner[0])]
    if origin in (dict, Mapping):
        return Each(str, _shape(inner[1]))
    if origin is Literal:
        return OneOf(inner)
    if kind in (int, float, str, bool):
        return kind
    raise TypeError(f"{kind}: no shape says this type")
