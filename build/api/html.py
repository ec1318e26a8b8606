# SPDX-License-Identifier: Apache-2.0
"""Results as HTML for a notebook: a table of what is stable, a picture, the rest folded away."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from fpgan.hw.system.fields import told

_SHOWN = 8  # values of a list
_PLAIN = (int, float, str, bool, type(None))


class Row(NamedTuple):
    """A field: its name, its value as HTML, and what was said of it."""

    name: str
    value: str
    about: Mapping[str, Any]


def result_html(title: str, filled: Any, picture: Path | None = None, wrong: str = "") -> str:
    """A filled dataclass of a file; picture: a PNG to show below. All text in it is escaped."""
    rows = list(_rows(filled))
    first, others = ([row for row in rows if row.about["stable"] is stable] for stable in (True, False))
    parts = [f"<h4>{escape(title)}</h4>"]
    if wrong:
        parts.append(f'<p style="color:#b3261e"><b>{escape(wrong)}</b></p>')
    parts += [_table(first or others), picture_html(picture, title)]
    if first and others:
        parts.append(_folded("more", _table(others)))
    for name, value, _ in told(filled):
        if _is_list_of_files(value):
            parts.append(_folded(f"{name} ({len(value)})", _entries(value)))
    return "<div>" + "".join(parts) + "</div>"


def picture_html(picture: Path | None, alternative: str) -> str:
    """A PNG within the page; empty without one."""
    if picture is None:
        return ""
    data = base64.b64encode(picture.read_bytes()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alternative)}" style="max-width:100%">'


def frame_html(page: str, height: int) -> str:
    """A whole page in a frame of its own, so that its style stays its own; height: in pixels."""
    style = f"width:100%;height:{height}px;border:0"
    return f'<iframe srcdoc="{escape(page)}" style="{style}"></iframe>'


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its cells are HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return (
        f'<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead><tbody>'
        + "".join(f"<tr>{row}</tr>" for row in body)
        + "</tbody></table></div>"
    )


def value_html(value: Any) -> str:
    """A value as people write it, escaped."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.5g}" if abs(value) < 1e5 else f"{value:,.0f}"
        case str():
            return escape(value)
        case Mapping():
            return ", ".join(f"{escape(str(key))} {value_html(inner)}" for key, inner in value.items())
    if dataclasses.is_dataclass(value):
        return value_html({key: inner for key, inner, _ in told(value)})
    shown = ", ".join(value_html(inner) for inner in value[:_SHOWN])
    return f"{shown} … ({len(value)})" if len(value) > _SHOWN else shown


def _rows(filled: Any, before: str = "") -> Iterator[Row]:
    """Every field but lists of objects; those of an object with more than figures behind its name."""
    for key, value, about in told(filled):
        if _is_list_of_files(value):
            continue
        if dataclasses.is_dataclass(value) and not _is_flat(value):
            yield from _rows(value, f"{before}{key}.")
        else:
            yield Row(f"{before}{key}", value_html(value), about)


def _is_flat(filled: Any) -> bool:
    return all(isinstance(value, int | float) for _, value, _ in told(filled))


def _is_list_of_files(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def _table(rows: Sequence[Row]) -> str:
    left = 'style="text-align:left;vertical-align:top"'
    lines = (
        f"<tr><td {left}><code>{escape(name)}</code></td><td {left}>{value} {escape(about['unit'])}</td>"
        f"<td {left}><i>{escape(about['text'])}</i></td></tr>"
        for name, value, about in rows
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def _entries(entries: Sequence[Any]) -> str:
    """A list of objects, one to a row: what is stable of them, or all where nothing is."""
    rows = [list(_cells(entry)) for entry in entries]
    stable = any(cell.about["stable"] for cell in rows[0])
    chosen = [[cell for cell in row if cell.about["stable"] or not stable] for row in rows]
    columns = list(dict.fromkeys(cell.name for row in chosen for cell in row))
    known = ({cell.name: cell.value for cell in row} for row in chosen)
    return grid(columns, [[row.get(name, "–") for name in columns] for row in known])


def _cells(entry: Any, before: str = "") -> Iterator[Row]:
    for key, value, about in told(entry):
        if dataclasses.is_dataclass(value):
            yield from _cells(value, f"{before}{key}.")
        else:
            yield Row(f"{before}{key}", value_html(value), about)


def _folded(name: str, content: str) -> str:
    return f"<details><summary>{escape(name)}</summary>{content}</details>"
