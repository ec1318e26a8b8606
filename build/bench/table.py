# SPDX-License-Identifier: Apache-2.0
"""BENCH.json as one table for people: designs, zero insertion, published accelerators, software."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from fpgan.build.bench.software import DEVICES
from fpgan.build.bench.through_driver import WAYS
from fpgan.build.implement.synth.said import YOSYS_AGAINST_VIVADO, how_far_off

_WIDTH = 400  # more than the table needs: nothing is cut, terminals wrap or scroll
_BUSY = 0.25  # share of the cores that others may use before software rates are doubted
_COLUMNS = {
    "cycles": "cycles per\nimage", "zeros": "zero\ninsertion", "rival": "nearest\nrival",
    "efficiency": "effi-\nciency", "lanes": "\nlanes", "gops": "GOPS\nuseful", "all": "GOPS\nwith zeros",
    "per_dsp": "GOPS\nper DSP", "LUT": "\nLUT", "DSP": "\nDSP", "BRAM18": "\nBRAM18", "URAM": "\nURAM",
    "clock": "\nMHz", "fps": "images\nper s",
    "memory": "images/s\nby memory", "registers": "images/s\nby regs.",
    "empty": "MHz near\nempty", "estimated": "MHz at\nthis fill", "then": "images/s\nat that",
    "wrong": "wrong\npixels",
}  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """Text of a table over what BENCH.json holds; lines under it name what is not as it should be."""
    grid = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style=""
    )  # fmt: skip
    grid.add_column("\ndesign", no_wrap=True)
    for heading in _COLUMNS.values():
        grid.add_column(heading, justify="right", no_wrap=True)
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
                "cycles": _count(zeros["cycles_per_image"]), "efficiency": f"{zeros['efficiency']:.3f}",
                "lanes": _count(zeros["mac_lanes"]), "clock": _figure(row["clock_mhz"]),
                "fps": _count(zeros["frames_per_second"]), "wrong": _count(zeros["mismatches"]),
            }))  # fmt: skip
    return rows


def _design(row: dict[str, Any]) -> dict[str, str]:
    zeros, rival, later = row["zero_insertion"] or {}, row["rival"] or {}, row["at_estimated_clock"] or {}
    driver = row["through_driver"] or {}
    used, about = row["resources"] or {}, "~" if row["resources_from"] == "estimate" else ""
    return {
        "cycles": _count(row["cycles_per_image"]),
        "zeros": _times(zeros.get("ratio")),
        "rival": _times(rival.get("cycles_ratio")),
        "efficiency": "" if row["efficiency"] is None else f"{row['efficiency']:.3f}",
        "lanes": _count(row["mac_lanes"]),
        "gops": _figure(row["gops"]),
        "all": _figure(row["gops_with_zeros"]),
        "per_dsp": _figure(row["gops_per_dsp"]),
        **{kind: about + _count(used[kind]) for kind in ("LUT", "DSP", "BRAM18", "URAM") if kind in used},
        "clock": _figure(row["clock_mhz"]),
        "fps": _count(row["frames_per_second"]),
        **{way: _count(driver[way]["frames_per_second"]) for way in WAYS if way in driver},
        "empty": "" if not row["near_empty_ns"] else _figure(1000 / row["near_empty_ns"]),
        "estimated": "" if not later else _figure(1000 / row["estimated_ns"]),
        "then": _count(later.get("frames_per_second")),
        "wrong": _count(row["mismatches"]),
    }


def _rivals(result: dict[str, Any]) -> Rows:
    """The nearest rivals, each once."""
    rows: dict[str, dict[str, str]] = {}
    for rival in (row["rival"] for row in result["designs"] if row["rival"]):
        rows[f"{rival['name']}, {rival['board']}"] = {
            "cycles": _count(rival["cycles_per_image"]),
            "gops": _figure(rival["gops"]), "all": _figure(rival["gops_with_zeros"]),
            **{kind: _count(rival[kind]) for kind in ("LUT", "DSP", "BRAM18")},
            "clock": _figure(rival["clock_mhz"]), "fps": _count(rival["fps"]),
        }  # fmt: skip
    return list(rows.items())


def _published(result: dict[str, Any]) -> Rows:
    """Peak figures, in the column of the unit that they are known to have; a mark where that is not known."""
    rows: Rows = []
    for work in result["published"]:
        zeros, figure = work["counts_zeros"], _figure(work["gops"])
        rows.append((f"{work['name']}, {work['device']}", {
            "w. zeros" if zeros else "gops": f"{figure}?" if zeros is None and figure else figure,
            "per_dsp": _figure(work["gops_per_dsp"]), "clock": _figure(work["clock_mhz"]),
        }))  # fmt: skip
    return rows


def _software(result: dict[str, Any]) -> Rows:
    return [
        (f"{row['preset']}: {row['runtime']}, {DEVICES[row['device']]}, batch {row['batch']}",
         {"fps": _count(row["frames_per_second"])})
        for row in result["software"]
    ]  # fmt: skip


def _remarks(result: dict[str, Any]) -> list[str]:
    m = result["machine"]
    lines = [
        f"CPU: {m['cpu']}, threads: {m['threads']}, cores: {m['cores']}; GPU: {m['gpu'] or 'none'}. "
        "GOPS: two operations a MAC; ?: it is not known whether with zeros. ~: estimated. "
        f"{_clocks(result)} By memory, by registers: what the driver gets, "
        f"the processor's own time left out. {YOSYS_AGAINST_VIVADO}.",
    ]
    if m["load"] > _BUSY * m["cores"]:
        lines.append(f"software rates are too low: other programs kept {m['load']:.1f} cores busy")
    for row in result["designs"]:
        if row["decision"]:
            lines.append(
                f"{row['name']}: bound by {row['decision']['binds']}: {row['decision']['next_lacks']}"
            )
        if row["through_driver"]:
            lines += [f"{row['name']}, {line}" for line in _driver(row["through_driver"])]
        if row["error"]:
            lines.append(f"{row['name']}: failed: {row['error']}")
        elif row["over_limit"]:
            how = "counted" if row["resources_from"] != "estimate" else "estimated"
            lines.append(f"{row['name']}: over its limit: {', '.join(row['over_limit'])} ({how})")
    return lines


def _driver(found: dict[str, Any]) -> Iterator[str]:
    """What binds each way, and by which figures."""
    for way in WAYS:
        rate = found[way]
        needs = ", ".join(f"{part} {_figure(cycles)}" for part, cycles in rate["needs"].items())
        yield (
            f"the driver by {way}: bound by {rate['binds']}: {rate['cycles_per_image']:,.10g} cycles per "
            f"image, {rate['predicted_cycles_per_image']:,.10g} expected ({needs})"
        )


def _clocks(result: dict[str, Any]) -> str:
    """What the estimated clocks are, and how far off."""
    timed = [row["timing"] for row in result["designs"] if row["timing"]]
    known: dict[str, Any] = next((timing for timing in timed if "median_error" in timing), {})
    zynq = f"on a Zynq-7000 {how_far_off(known)}; on UltraScale+ " if known else ""
    return f"MHz estimated of the unplaced netlist: {zynq}{how_far_off({})}."


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}x"


def _figure(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
