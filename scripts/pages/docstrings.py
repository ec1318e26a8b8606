# SPDX-License-Identifier: Apache-2.0
"""Docstrings as this project writes them, read for the site: prose, with `name: what it is` of parameters.

Such an item begins a paragraph or follows a full stop or a semicolon, and ends with the next one, with a line
that begins with Returns or Raises, or with its paragraph; it may speak of several ("seed, stall: of pauses").
Of a class, items are those of its attributes. An attribute may be told by a comment behind it instead, or by
the text of its `said`.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Collection, Iterator
from typing import Any

import griffe

_log = griffe.get_logger(__name__)
_NAMES = r"\w+(?:, \w+)*"
_ITEM = re.compile(rf"(?:\A|(?<=[.;])\s)\s*({_NAMES}):\s")
_PROSE = re.compile(r"(?<=\.\n)[ ]*(?=Returns |Raises )")
_LINE_ITEM = re.compile(r"(?:\A|(?<=\n\n)|(?<=\.\n))[ ]*([a-z_][a-z_0-9]*): ")
_COMMENT = re.compile(r"  # (?!fmt|noqa|type:)(.*)")
_OBVIOUS = {"class-attribute", "instance-attribute", "module-attribute"}

Item = tuple[tuple[str, ...], str]  # names, and what they are; no names before prose


def items(text: str, known: Collection[str]) -> Iterator[Item]:
    """Prose and items of a docstring, in order. known: names that may begin an item."""
    for paragraph in re.split(r"\n\s*\n", text):
        found = ((m.start(), m.end(), tuple(m[1].split(", "))) for m in _ITEM.finditer(paragraph))
        cuts = [cut for cut in found if set(cut[2]) <= set(known)]
        if cuts:
            cuts += [(m.end(), m.end(), ()) for m in _PROSE.finditer(paragraph, cuts[0][0])]
        cuts = [(0, 0, ()), *sorted(cuts), (len(paragraph), 0, ())]
        for (_, start, names), (end, _, _) in itertools.pairwise(cuts):
            if said := paragraph[start:end].rstrip():
                yield names, (" ".join(said.split()) if names else said).rstrip(";")


class _Read(griffe.Docstring):
    """A docstring whose sections are known."""

    def __init__(self, of: griffe.Docstring, sections: list[griffe.DocstringSection]) -> None:
        super().__init__(of.value, lineno=of.lineno, endlineno=of.endlineno, parent=of.parent)
        self._sections = sections

    def parse(self, parser: Any = None, **options: Any) -> list[griffe.DocstringSection]:
        return self._sections


class Conventions(griffe.Extension):
    """Sections of functions' docstrings, docstrings of attributes.

    Warns of items that are no parameter, and of functions and classes without a docstring.
    """

    def on_function(self, *, func: griffe.Function, loader: Any, **kwargs: Any) -> None:
        """Prose and parameters of its docstring."""
        names = {parameter.name.lstrip("*") for parameter in func.parameters}
        if _is_told(func, names):
            func.docstring = _Read(_of(func), list(_sections(func, names)))

    def on_class(self, *, cls: griffe.Class, loader: Any, **kwargs: Any) -> None:
        """What its docstring says of attributes goes to these, where they have no docstring."""
        attributes = _attributes(cls)
        made = cls.members.get("__init__")
        parameters = {p.name for p in made.parameters} if isinstance(made, griffe.Function) else set()
        if not _is_told(cls, {*attributes, *parameters}):
            return
        prose = []
        for names, text in items(_of(cls).value, attributes):
            for name in names:
                attributes[name].docstring = attributes[name].docstring or _docstring(text, attributes[name])
            if not names:
                prose.append(text)
        cls.docstring = _Read(_of(cls), [griffe.DocstringSectionText("\n\n".join(prose))])

    def on_module(self, *, mod: griffe.Module, loader: Any, **kwargs: Any) -> None:
        """Comments behind its constants are their docstrings."""
        _attributes(mod)


def _of(obj: griffe.Object) -> griffe.Docstring:
    assert obj.docstring is not None
    return obj.docstring


def _docstring(text: str, obj: griffe.Object) -> griffe.Docstring:
    return griffe.Docstring(text, parent=obj)


def _is_told(obj: griffe.Object, known: set[str]) -> bool:
    """Whether it has a docstring. Warns where it should, and of an item at a line's start that is not known.

    Such a one was left behind by a rename, or is a word that wants backquotes. Methods may do without a
    docstring where their names say all.
    """
    where = f"{obj.filepath}:{obj.lineno}: {obj.path}"
    if obj.docstring is None:
        if obj.parent is not None and obj.parent.is_module and obj.name[0] != "_":
            _log.warning(f"{where} has no docstring")
        return False
    for found in _LINE_ITEM.finditer(obj.docstring.value):
        if found[1] not in known:
            _log.warning(f"{where} has no {found[1]!r} that its docstring tells of")
    return True


def _sections(func: griffe.Function, names: set[str]) -> Iterator[griffe.DocstringSection]:
    """Prose and parameters as they follow each other."""
    given = {parameter.name.lstrip("*"): parameter for parameter in func.parameters}
    found = items(_of(func).value, names)
    for are_items, group in itertools.groupby(found, key=lambda item: bool(item[0])):
        if not are_items:
            yield griffe.DocstringSectionText("\n\n".join(text for _, text in group))
            continue
        yield griffe.DocstringSectionParameters([_parameter(given[of[0]], of, text) for of, text in group])


def _parameter(first: griffe.Parameter, names: tuple[str, ...], text: str) -> griffe.DocstringParameter:
    """One entry for all the names, with the type and the default of the first."""
    return griffe.DocstringParameter(
        ", ".join(names), description=text, annotation=first.annotation, value=first.default
    )


def _attributes(of: griffe.Module | griffe.Class) -> dict[str, griffe.Attribute]:
    """Its attributes, each with what it says of itself: the text of its `said`, or the comment behind it."""
    found = {name: member for name, member in of.members.items() if isinstance(member, griffe.Attribute)}
    for attribute in found.values():
        attribute.labels -= _OBVIOUS
        text = _text_of_said(attribute)
        if text:
            attribute.value = None
        text = text or _comment(attribute)
        if text and attribute.docstring is None:
            attribute.docstring = _docstring(text, attribute)
    return found


def _comment(attribute: griffe.Attribute) -> str:
    if attribute.endlineno is None or isinstance(attribute.filepath, list):
        return ""
    line = attribute.lines_collection[attribute.filepath][attribute.endlineno - 1]
    found = _COMMENT.search(line)
    return found[1].strip() if found else ""


def _text_of_said(attribute: griffe.Attribute) -> str:
    """Text and unit of `said("text", "unit", ...)`, a field of a JSON file."""
    value = str(attribute.value or "")
    if not value.startswith("said("):
        return ""
    call = ast.parse(value, mode="eval").body
    assert isinstance(call, ast.Call)
    text, *unit = [str(word.value) for word in call.args if isinstance(word, ast.Constant)]
    return f"{text} [{unit[0]}]" if unit and unit[0] else text
