# SPDX-License-Identifier: Apache-2.0
"""bench.png: cycles per image against zero insertion and the rival, images per second against software.

Dots, not bars: on a logarithmic axis a bar's length says nothing, as it has no beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from fpgan.build.bench.software import DEVICES
from fpgan.hw.system.files import write_beside

# Okabe and Ito's colours, which differ to every kind of eye; markers tell the same again.
_OURS, _ZEROS, _RIVAL, _SOFTWARE, _GPU = "#0072B2", "#E69F00", "#D55E00", "#8A8A8A", "#009E73"
_INK, _GRID = "#1b2430", "#dfe5ec"
_WAYS = {"memory": "|", "registers": "x"}  # what the driver gets through the bus
_ROW = 0.36  # inches a row
_ROOM = 0.6  # for the text beside the last dot, of the axis
_SIZE = 9  # points of the text


@dataclass(frozen=True)
class _Rate:
    label: str
    value: float
    color: str
    sure: float | None = None  # the part that the timing estimate grants
    single: float | None = None  # at batch 1, where value is of a larger one
    driver: dict[str, float] = field(default_factory=dict)  # what the driver gets, by way


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw what BENCH.json holds: two panels for each preset with a measured design, as PNG at path."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measured = [row for row in result["designs"] if row["cycles_per_image"]]
    groups = {row["preset"]: [r for r in measured if r["preset"] == row["preset"]] for row in measured}
    rates = {preset: _listed(preset, rows, result["software"]) for preset, rows in groups.items()}
    heights = [max(1.5 * len(groups[preset]), len(rates[preset])) + 1.5 for preset in groups] or [2]
    figure, axes = plt.subplots(
        len(heights), 2, figsize=(13, 1.7 + _ROW * sum(heights)), squeeze=False,
        layout=ConstrainedLayoutEngine(hspace=0.06, wspace=0.03),
        gridspec_kw={"height_ratios": heights, "width_ratios": [1, 1.2]},
    )  # fmt: skip
    for (left, right), (preset, rows) in zip(axes, groups.items(), strict=False):
        _cycles(left, preset, rows)
        _rates(right, preset, rates[preset])
    if not groups:
        for axis in axes.flat:
            axis.set_axis_off()
        axes[0, 0].text(0, 0.5, "no design could be measured")
    figure.legend(handles=_legend(result), loc="outside lower center", ncols=3, frameon=False, fontsize=_SIZE)
    write_beside(path, lambda beside: figure.savefig(beside, dpi=130))
    plt.close(figure)


def _cycles(axis: Axes, preset: str, rows: list[dict[str, Any]]) -> None:
    """A line per design: ours at its left end, what others need to the right of it."""
    for y, row in enumerate(rows):
        ours = row["cycles_per_image"]
        for found, color, marker in ((row["zero_insertion"], _ZEROS, "s"), (row["rival"], _RIVAL, "D")):
            if found:
                cycles = found["cycles_per_image"]
                axis.plot([ours, cycles], [y, y], color=_GRID, lw=3, zorder=1)
                axis.plot(cycles, y, marker, color=color, ms=8, zorder=3)
                _above(axis, cycles, y, f"{cycles / ours:.1f}x", _INK)
        axis.plot(ours, y, "o", color=_OURS, ms=10, zorder=4)
        _above(axis, ours, y, f"{ours:,}", _OURS)
    _style(axis, f"{preset}: cycles per image (fewer is better)", [_label(row) for row in rows])
    low, high = axis.get_xlim()
    axis.set_xlim(low / 1.5, high * 1.5)
    axis.set_ylim(len(rows) - 0.4, -0.9)


def _rates(axis: Axes, preset: str, rates: list[_Rate]) -> None:
    """A line per rate: a dot, and a hollow one at its other end where it has two."""
    for y, rate in enumerate(rates):
        text, solid, hollow = f"{rate.value:,.0f}", rate.value, rate.single
        if rate.sure is not None and rate.sure < rate.value:
            solid, hollow = rate.sure, rate.value
            text += f" ({rate.sure:,.0f})"
        if rate.single is not None:
            text += f" (one by one {rate.single:,.0f})"
        if hollow is not None:
            axis.plot([solid, hollow], [y, y], color=rate.color, lw=1.6, zorder=2)
            axis.plot(hollow, y, "o", color=rate.color, mfc="white", mew=1.6, ms=7, zorder=3)
        axis.plot(solid, y, "o", color=rate.color, ms=9, zorder=4)
        for way, fps in rate.driver.items():
            axis.plot(fps, y, _WAYS[way], color=_INK, ms=9, zorder=5)
        _beside(axis, max(solid, hollow or 0), y, text)
    _style(axis, f"{preset}: images per second (more is better)", [rate.label for rate in rates])
    values = [
        value
        for rate in rates
        for value in (rate.value, rate.sure, rate.single, *rate.driver.values())
        if value
    ]
    low, high = min(values) / 2, max(values)
    axis.set_xlim(low, high * (high / low) ** _ROOM)
    axis.set_ylim(len(rates) - 0.4, -0.6)
    axis.hlines(range(len(rates)), low, [rate.value for rate in rates], color=_GRID, lw=0.7, zorder=1)


def _listed(preset: str, rows: list[dict[str, Any]], software: list[dict[str, Any]]) -> list[_Rate]:
    """Our designs, the rivals, and each runtime at its largest batch."""
    rates = [
        _Rate(_label(row), row["frames_per_second"], _OURS,
             sure=(row["at_estimated_clock"] or {}).get("frames_per_second"),
             driver={way: row["through_driver"][way]["frames_per_second"] for way in _WAYS}
             if row["through_driver"] else {})
        for row in rows
    ]  # fmt: skip
    rivals = {f"{r['name'].split(',')[0]} on {r['board']}": r["fps"] for row in rows if (r := row["rival"])}
    rates += [_Rate(label, fps, _RIVAL) for label, fps in rivals.items()]
    runtimes: dict[tuple[str, str], dict[int, float]] = {}
    for row in software:
        if row["preset"] == preset:
            batches = runtimes.setdefault((row["device"], row["runtime"]), {})
            batches[row["batch"]] = row["frames_per_second"]
    for (device, runtime), batches in runtimes.items():
        label = f"{DEVICES[device]}, {runtime}, batch {max(batches)}"
        color = _SOFTWARE if device == "cpu" else _GPU
        rates.append(_Rate(label, batches[max(batches)], color, single=batches[1]))
    return rates


def _label(row: dict[str, Any]) -> str:
    return str(row["name"]).removeprefix(f"{row['preset']}-")


def _style(axis: Axes, title: str, labels: list[str]) -> None:
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_title(title, loc="left", fontsize=_SIZE + 2, color=_INK)
    axis.set_yticks(range(len(labels)), labels, fontsize=_SIZE)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=_SIZE - 1)
    axis.grid(axis="x", color=_GRID, lw=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)


def _beside(axis: Axes, x: float, y: float, text: str) -> None:
    axis.annotate(
        text, (x, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=_SIZE, color=_INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )  # fmt: skip


def _above(axis: Axes, x: float, y: float, text: str, color: str) -> None:
    axis.annotate(
        text, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", va="bottom", fontsize=_SIZE,
        color=color, fontweight="bold",
    )  # fmt: skip


def _legend(result: dict[str, Any]) -> list[Any]:
    """What the colours and marks mean, of those that occur."""
    machine, rows = result["machine"], result["designs"]

    def dot(color: str, marker: str, label: str, **look: Any) -> Line2D:
        return Line2D([], [], color=color, marker=marker, ls="", ms=8, label=label, **look)

    handles: list[Any] = [dot(_OURS, "o", "FPGAN, measured in Verilator")]
    if any(row["zero_insertion"] for row in rows):
        handles.append(dot(_ZEROS, "s", "by zero insertion, same lanes"))
    if any(row["rival"] for row in rows):
        handles.append(dot(_RIVAL, "D", "published rival, same network"))
    if any(row["meets_clock"] is False for row in rows):
        label = "above the estimated clock (filled: at that clock)"
        handles.append(dot(_OURS, "o", label, mfc="white", mew=1.6))
    if any(row["through_driver"] for row in rows):
        handles += [dot(_INK, mark, f"what the driver gets by {way}") for way, mark in _WAYS.items()]
    cpu = f"{machine['cpu']}, threads: {machine['threads']} (hollow: one by one)"
    handles.append(dot(_SOFTWARE, "o", cpu))
    if machine["gpu"]:
        handles.append(dot(_GPU, "o", f"{machine['gpu']} (hollow: one by one)"))
    return handles
