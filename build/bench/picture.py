# SPDX-License-Identifier: Apache-2.0
"""bench.png: cycles per image against zero insertion and the rival, images per second against software."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

# Okabe and Ito's colours, which differ to every kind of eye; markers tell the same again.
_OURS, _ZEROS, _RIVAL, _SOFTWARE, _GPU = "#0072B2", "#E69F00", "#D55E00", "#8A8A8A", "#009E73"
_INK, _GRID = "#1b2430", "#dfe5ec"
_ROW = 0.36  # inches a row
_SIZE = 9  # points of the text


@dataclass(frozen=True)
class _Bar:
    label: str
    value: float
    color: str
    sure: float | None = None  # the part that the timing estimate grants


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw what BENCH.json holds: two panels for each preset with a measured design, as PNG at path."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measured = [row for row in result["designs"] if row["cycles_per_image"]]
    groups = {row["preset"]: [r for r in measured if r["preset"] == row["preset"]] for row in measured}
    bars = {preset: _bars(preset, rows, result["software"]) for preset, rows in groups.items()}
    heights = [max(len(groups[preset]), len(bars[preset])) + 1.5 for preset in groups] or [2]
    figure, axes = plt.subplots(
        len(heights), 2, figsize=(13, 1.5 + _ROW * sum(heights)), squeeze=False, layout="constrained",
        gridspec_kw={"height_ratios": heights, "width_ratios": [1, 1.15]},
    )  # fmt: skip
    for (left, right), (preset, rows) in zip(axes, groups.items(), strict=False):
        _cycles(left, preset, rows)
        _rates(right, preset, bars[preset])
    if not groups:
        for axis in axes.flat:
            axis.set_axis_off()
        axes[0, 0].text(0, 0.5, "no design could be measured")
    figure.legend(handles=_legend(result), loc="outside lower center", ncols=7, frameon=False, fontsize=_SIZE)
    temporary = path.with_suffix(".tmp.png")
    figure.savefig(temporary, dpi=130)
    plt.close(figure)
    temporary.rename(path)


def _cycles(axis: Axes, preset: str, rows: list[dict[str, Any]]) -> None:
    """A line per design: ours at its left end, what others need to the right of it."""
    for y, row in enumerate(rows):
        ours = row["cycles_per_image"]
        others = [
            (found["cycles_per_image"], color, marker)
            for found, color, marker in ((row["zero_insertion"], _ZEROS, "s"), (row["rival"], _RIVAL, "D"))
            if found
        ]
        if others:
            axis.plot([ours, max(cycles for cycles, *_ in others)], [y, y], color=_GRID, lw=3, zorder=1)
        for cycles, color, marker in others:
            axis.plot(cycles, y, marker, color=color, ms=8, zorder=3)
            _beside(axis, cycles, y, f"{cycles / ours:.1f}x")
        axis.plot(ours, y, "o", color=_OURS, ms=10, zorder=4)
        _above(axis, ours, y, f"{ours:,}")
    _style(axis, f"{preset}: cycles per image (fewer is better)", [_label(row) for row in rows])
    low = min(row["cycles_per_image"] for row in rows)
    axis.set_xlim(low / 2.2, axis.get_xlim()[1] * 1.8)
    axis.set_ylim(len(rows) - 0.4, -0.9)


def _rates(axis: Axes, preset: str, bars: list[_Bar]) -> None:
    for y, bar in enumerate(bars):
        sure = bar.value if bar.sure is None else bar.sure
        axis.barh(y, sure, color=bar.color, height=0.62)
        if sure < bar.value:
            axis.barh(
                y, bar.value - sure, left=sure, height=0.62, facecolor="white", edgecolor=bar.color, hatch="////",
            )  # fmt: skip
        text = f"{bar.value:,.0f}" if sure == bar.value else f"{bar.value:,.0f} ({sure:,.0f})"
        _beside(axis, bar.value, y, text)
    _style(axis, f"{preset}: images per second (more is better)", [bar.label for bar in bars])
    values = [bar.value for bar in bars]
    axis.set_xlim(min(values) / 3, max(values) * 14)
    axis.set_ylim(len(bars) - 0.4, -0.6)


def _bars(preset: str, rows: list[dict[str, Any]], software: list[dict[str, Any]]) -> list[_Bar]:
    """Ours, the rivals, and the best batch of each runtime with its one-image rate left to BENCH.json."""
    bars = [
        _Bar(_label(row), row["frames_per_second"], _OURS,
             (row["at_estimated_clock"] or {}).get("frames_per_second"))
        for row in rows
    ]  # fmt: skip
    rivals = {f"{r['name'].split(',')[0]} on {r['board']}": r["fps"] for row in rows if (r := row["rival"])}
    bars += [_Bar(label, fps, _RIVAL) for label, fps in rivals.items()]
    for rate in software:
        if rate["preset"] == preset:
            label = f"{rate['device'].upper()}, {rate['runtime']}, batch {rate['batch']}"
            bars.append(_Bar(label, rate["frames_per_second"], _SOFTWARE if rate["device"] == "cpu" else _GPU))
    return bars


def _label(row: dict[str, Any]) -> str:
    return str(row["name"]).removeprefix(f"{row['preset']}-")


def _style(axis: Axes, title: str, labels: list[str]) -> None:
    axis.set_xscale("log")
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
        text, (x, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=_SIZE, color=_INK
    )


def _above(axis: Axes, x: float, y: float, text: str) -> None:
    axis.annotate(
        text, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", va="bottom", fontsize=_SIZE,
        color=_OURS, fontweight="bold",
    )  # fmt: skip


def _legend(result: dict[str, Any]) -> list[Any]:
    machine = result["machine"]

    def dot(color: str, marker: str, label: str) -> Line2D:
        return Line2D([], [], color=color, marker=marker, ls="", ms=8, label=label)

    handles: list[Any] = [
        dot(_OURS, "o", "FPGAN, measured in Verilator"),
        dot(_ZEROS, "s", "by zero insertion, same lanes"),
        dot(_RIVAL, "D", "published rival, same network"),
        Patch(facecolor="white", edgecolor=_OURS, hatch="////", label="beyond the estimated clock (in brackets)"),
        Patch(color=_SOFTWARE, label=f"CPU, {machine['threads']} thread(s)"),
    ]
    if machine["gpu"]:
        handles.append(Patch(color=_GPU, label=machine["gpu"]))
    return handles
