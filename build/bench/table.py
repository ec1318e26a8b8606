# SPDX-License-Identifier: Apache-2.0
"""BENCH.json as one table for people: designs, zero insertion, published accelerators, software."""

from __future__ import annotations

import io
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH = 220  # more than the table needs: nothing is cut, terminals wrap or scroll
_COLUMNS = (
    "cycles/image", "vs zero ins.", "vs rival", "effic.", "lanes", "GOPS", "w. zeros", "GOPS/DSP", "LUT", "DSP",
    "BRAM18", "URAM", "MHz", "images/s", "est. MHz", "images/s then", "wrong",
)  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """Text of a table over what BENCH.json holds, with a line under it on each thing that is not as it should be."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="", show_edge=False)
    grid.add_column("design", no_wrap=True)
    for name in _COLUMNS:
        grid.add_column(name, justify="right", no_wrap=True)
    for rows in (_designs(result), _rivals(result), _published(result), _software(result)):
        for name, cells in rows:
            grid.add_row(name, *(cells.get(column, "") for column in _COLUMNS))
        grid.add_section()
    text = io.StringIO()
    Console(file=text, width=_WIDTH, no_color=True, highlight=False, markup=False).print(grid)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join([*lines, *_remarks(result)])


Rows = list[tuple[str, dict[str, str]]]


def _designs(result: dict[str, Any]) -> Rows:
    rows: Rows = []
    for row in result["designs"]:
        rows.append((row["name"], _design(row)))
        if zeros := row["zero_insertion"]:
            rows.append(("  by zero insertion", {
                "cycles/image": _count(zeros["cycles_per_image"]), "effic.": f"{zeros['efficiency']:.3f}",
                "lanes": _count(zeros["mac_lanes"]), "MHz": _figure(row["clock_mhz"]),
                "images/s": _count(zeros["frames_per_second"]), "wrong": _count(zeros["mismatches"]),
            }))  # fmt: skip
    return rows


def _design(row: dict[str, Any]) -> dict[str, str]:
    zeros, rival, later = row["zero_insertion"] or {}, row["rival"] or {}, row["at_estimated_clock"] or {}
    used, about = row["resources"] or {}, "~" if row["resources_from"] == "estimate" else ""
    return {
        "cycles/image": _count(row["cycles_per_image"]),
        "vs zero ins.": _times(zeros.get("ratio")),
        "vs rival": _times(rival.get("cycles_ratio")),
        "effic.": "" if row["efficiency"] is None else f"{row['efficiency']:.3f}",
        "lanes": _count(row["mac_lanes"]),
        "GOPS": _figure(row["gops"]),
        "w. zeros": _figure(row["gops_with_zeros"]),
        "GOPS/DSP": _figure(row["gops_per_dsp"]),
        **{kind: about + _count(used[kind]) for kind in ("LUT", "DSP", "BRAM18", "URAM") if kind in used},
        "MHz": _figure(row["clock_mhz"]),
        "images/s": _count(row["frames_per_second"]),
        "est. MHz": "" if not later else _figure(1000 / row["estimated_ns"]),
        "images/s then": _count(later.get("frames_per_second")),
        "wrong": _count(row["mismatches"]),
    }


def _rivals(result: dict[str, Any]) -> Rows:
    """The nearest rivals, each once."""
    rows: dict[str, dict[str, str]] = {}
    for rival in (row["rival"] for row in result["designs"] if row["rival"]):
        rows[f"{rival['name']}, {rival['board']}"] = {
            "cycles/image": _count(rival["cycles_per_image"]),
            "GOPS": _figure(rival["gops"]), "w. zeros": _figure(rival["gops_with_zeros"]),
            **{kind: _count(rival[kind]) for kind in ("LUT", "DSP", "BRAM18")},
            "MHz": _figure(rival["clock_mhz"]), "images/s": _count(rival["fps"]),
        }  # fmt: skip
    return list(rows.items())


def _published(result: dict[str, Any]) -> Rows:
    """Peak figures, in the column of the unit that they are known to have; a mark where that is not known."""
    rows: Rows = []
    for work in result["published"]:
        zeros, figure = work["counts_zeros"], _figure(work["gops"])
        rows.append((f"{work['name']}, {work['device']}", {
            "w. zeros" if zeros else "GOPS": f"{figure}?" if zeros is None and figure else figure,
            "GOPS/DSP": _figure(work["gops_per_dsp"]), "MHz": _figure(work["clock_mhz"]),
        }))  # fmt: skip
    return rows


def _software(result: dict[str, Any]) -> Rows:
    return [
        (f"{row['preset']}, {row['runtime']}, {row['device'].upper()}, batch {row['batch']}",
         {"images/s": _count(row["frames_per_second"])})
        for row in result["software"]
    ]  # fmt: skip


def _remarks(result: dict[str, Any]) -> list[str]:
    machine = result["machine"]
    lines = [
        f"CPU: {machine['cpu']}, {machine['threads']} thread(s); GPU: {machine['gpu'] or 'none'}. "
        "GOPS: two per useful MAC; w. zeros: inserted zeros counted too; ?: the source does not say which. "
        "~: estimate. est. MHz: unplaced netlist.",
    ]
    for row in result["designs"]:
        if row["error"]:
            lines.append(f"{row['name']}: failed: {row['error']}")
        elif row["over_limit"]:
            how = "counted" if row["resources_from"] != "estimate" else "estimated"
            lines.append(f"{row['name']}: over its limit: {', '.join(row['over_limit'])} ({how})")
    return lines


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}x"


def _figure(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
