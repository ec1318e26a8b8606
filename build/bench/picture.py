# SPDX-License-Identifier: Apache-2.0
"""bench.png: cycles per image against zero insertion and the rival, images per second against software."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from fpgan.build.bench.software import DEVICES
from fpgan.hw.system.files import write_beside

# Okabe and Ito's colours, which differ to every kind of eye; markers tell the same again.
_OURS, _ZEROS, _RIVAL, _SOFTWARE, _GPU = "#0072B2", "#E69F00", "#D55E00", "#8A8A8A", "#009E73"
_INK, _GRID = "#1b2430", "#dfe5ec"
_ROW = 0.36  # inches a row
_THICK = 0.62  # of a row
_ROOM = 0.6  # for the text beside the longest bar, of its length
_SIZE = 9  # points of the text


@dataclass(frozen=True)
class _Bar:
    label: str
    value: float
    color: str
    sure: float | None = None  # the part that the timing estimate grants
    single: float | None = None  # at batch 1


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw what BENCH.json holds: two panels for each preset with a measured design, as PNG at path."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measured = [row for row in result["designs"] if row["cycles_per_image"]]
    groups = {row["preset"]: [r for r in measured if r["preset"] == row["preset"]] for row in measured}
    bars = {preset: _bars(preset, rows, result["software"]) for preset, rows in groups.items()}
    heights = [max(1.5 * len(groups[preset]), len(bars[preset])) + 1.5 for preset in groups] or [2]
    figure, axes = plt.subplots(
        len(heights), 2, figsize=(13, 1.7 + _ROW * sum(heights)), squeeze=False,
        layout=ConstrainedLayoutEngine(hspace=0.06, wspace=0.03),
        gridspec_kw={"height_ratios": heights, "width_ratios": [1, 1.2]},
    )  # fmt: skip
    for (left, right), (preset, rows) in zip(axes, groups.items(), strict=False):
        _cycles(left, preset, rows)
        _rates(right, preset, bars[preset])
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


def _rates(axis: Axes, preset: str, bars: list[_Bar]) -> None:
    for y, bar in enumerate(bars):
        sure = bar.value if bar.sure is None else bar.sure
        axis.barh(y, sure, color=bar.color, height=_THICK)
        text = f"{bar.value:,.0f}"
        if sure < bar.value:
            axis.barh(
                y, bar.value - sure, left=sure, height=_THICK, facecolor="white", edgecolor=bar.color,
                hatch="////",
            )  # fmt: skip
            text += f" ({sure:,.0f})"
        if bar.single is not None:
            axis.plot([bar.single] * 2, [y - _THICK / 2, y + _THICK / 2], color="white", lw=2.5)
            text += f" (one by one {bar.single:,.0f})"
        _beside(axis, max(bar.value, bar.single or 0), y, text)
    _style(axis, f"{preset}: images per second (more is better)", [bar.label for bar in bars])
    values = [value for bar in bars for value in (bar.value, bar.sure, bar.single) if value]
    low, high = min(values) / 3, max(values)
    axis.set_xlim(low, high * (high / low) ** _ROOM)
    axis.set_ylim(len(bars) - 0.4, -0.6)


def _bars(preset: str, rows: list[dict[str, Any]], software: list[dict[str, Any]]) -> list[_Bar]:
    """Our designs, the rivals, and each runtime at its largest batch."""
    bars = [
        _Bar(_label(row), row["frames_per_second"], _OURS,
             sure=(row["at_estimated_clock"] or {}).get("frames_per_second"))
        for row in rows
    ]  # fmt: skip
    rivals = {f"{r['name'].split(',')[0]} on {r['board']}": r["fps"] for row in rows if (r := row["rival"])}
    bars += [_Bar(label, fps, _RIVAL) for label, fps in rivals.items()]
    runtimes: dict[tuple[str, str], dict[int, float]] = {}
    for rate in software:
        if rate["preset"] == preset:
            batches = runtimes.setdefault((rate["device"], rate["runtime"]), {})
            batches[rate["batch"]] = rate["frames_per_second"]
    for (device, runtime), batches in runtimes.items():
        label = f"{DEVICES[device]}, {runtime}, batch {max(batches)}"
        color = _SOFTWARE if device == "cpu" else _GPU
        bars.append(_Bar(label, batches[max(batches)], color, single=batches[1]))
    return bars


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

    def dot(color: str, marker: str, label: str) -> Line2D:
        return Line2D([], [], color=color, marker=marker, ls="", ms=8, label=label)

    handles: list[Any] = [dot(_OURS, "o", "FPGAN, measured in Verilator")]
    if any(row["zero_insertion"] for row in rows):
        handles.append(dot(_ZEROS, "s", "by zero insertion, same lanes"))
    if any(row["rival"] for row in rows):
        handles.append(dot(_RIVAL, "D", "published rival, same network"))
    if any(row["meets_clock"] is False for row in rows):
        label = "above the estimated clock (at that clock)"
        handles.append(Patch(facecolor="white", edgecolor=_OURS, hatch="////", label=label))
    handles.append(Patch(color=_SOFTWARE, label=f"{machine['cpu']}, threads: {machine['threads']}"))
    if machine["gpu"]:
        handles.append(Patch(color=_GPU, label=machine["gpu"]))
    return handles
