# SPDX-License-Identifier: Apache-2.0
"""A study's pictures: what quality costs, and which settings lead where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from fpgan.build.report.numbers import figure as shown
from fpgan.build.study.labels import label
from fpgan.build.study.space import Parameter
from fpgan.build.study.table import losses, non_dominated
from fpgan.hw.system.files import write_beside

Row = dict[str, Any]

# What the score is drawn against.
AXES = {
    "lut_equivalents": "LUT-equivalents", "DSP": "DSP", "BRAM18": "BRAM18",
    "frames_per_second": "images per second",
}  # fmt: skip
_NAMES = AXES | {"score": "score", "LUT": "LUT", "cycles_per_image": "cycles"}
# Okabe and Ito's colours, which differ to every kind of eye; markers tell a second parameter.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A8A8A")
_MARKERS = ("o", "s", "D", "^", "v", "P")
_INK, _GRID, _FRONT = "#1b2430", "#dfe5ec", "#9aa7b5"
_SIZE = 9  # points of the text
_DPI = 130
_WIDE = 8.0  # an axis whose values differ by more than this factor is logarithmic


def fronts(rows: Sequence[Row], space: Sequence[Parameter], path: Path) -> None:
    """Draw score against each of AXES as PNG: all trials that are done, the front of each pair as a line.

    ValueError where none is done. What is 0 in all of them is left out.
    """
    figure = fronts_figure(rows, space)
    write_beside(path, lambda p: figure.savefig(p, dpi=_DPI))


def fronts_figure(rows: Sequence[Row], space: Sequence[Parameter]) -> Figure:
    """The picture that `fronts` writes."""
    done = _done(rows)
    names, looks = _drawn(done), _Looks(done, space)
    across = min(2, len(names))
    down = math.ceil(len(names) / across)
    figure = Figure(figsize=(6 * across, 0.8 + 4.2 * down), layout="constrained", dpi=_DPI)
    axes = list(figure.subplots(down, across, squeeze=False).flat)
    for axis, name in zip(axes, names, strict=False):
        _front(axis, done, name, looks)
    handles = _legend(done, looks)
    if len(axes) > len(names):
        axes[-1].set_axis_off()
        axes[-1].legend(handles=handles, loc="center", ncols=2, frameon=False, fontsize=_SIZE + 1)
    else:
        figure.legend(
            handles=handles, loc="outside lower center", ncols=2 * across + 1, frameon=False, fontsize=_SIZE
        )
    figure.draw_without_rendering()  # where points lie is known from here on
    for axis, name in zip(axes, names, strict=False):
        best = [(r[name], r["score"], str(r["trial"])) for r in done if r["pareto"]]
        label(axis, best, [(r[name], r["score"]) for r in done], _SIZE)
    return figure


def _done(rows: Sequence[Row]) -> list[Row]:
    done = [r for r in rows if r["state"] == "done"]
    if not done:
        raise ValueError("no trial is done: there is nothing to draw")
    return done


def _drawn(done: Sequence[Row]) -> list[str]:
    """Those of AXES that are not 0 in every trial."""
    return [name for name in AXES if any(r[name] for r in done)]


class _Looks:
    """Colour of a row by the first parameter, marker by the second, where they have few enough values."""

    def __init__(self, rows: Sequence[Row], space: Sequence[Parameter]) -> None:
        told = [p for p in space if len(p.choices) > 1]
        self.color = next((p for p in told if len(p.choices) <= len(_COLORS)), None)
        self.marker = next((p for p in told if p is not self.color and len(p.choices) <= len(_MARKERS)), None)

    def of(self, row: Row) -> dict[str, Any]:
        color = _COLORS[self.color.choices.index(row[self.color.name])] if self.color else _COLORS[0]
        marker = _MARKERS[self.marker.choices.index(row[self.marker.name])] if self.marker else "o"
        filled = row["resources_from"] == "yosys"
        return {"color": color, "marker": marker, "mfc": color if filled else "white", "mew": 1.6}


def _front(axis: Axes, rows: Sequence[Row], name: str, looks: _Looks) -> None:
    for row in rows:
        size = 9 if row["pareto"] else 6.5
        axis.plot(row[name], row["score"], ls="", ms=size, zorder=3, **looks.of(row))
    best = non_dominated(losses(rows, ["score", name]))
    line = sorted((r[name], r["score"]) for r, kept in zip(rows, best, strict=True) if kept)
    more = name == "frames_per_second"
    axis.step(*zip(*line, strict=True), where="pre" if more else "post", color=_FRONT, lw=1.5, zorder=1)
    axis.axhline(rows[0]["real_vs_real"], ls="--", lw=1.2, color=_INK, zorder=2)
    _scale(axis, [r[name] for r in rows], [r["score"] for r in rows])
    axis.set_title(f"score against {_NAMES[name]}", loc="left", fontsize=_SIZE + 2, color=_INK)
    axis.set_xlabel(f"{_NAMES[name]} ({'more' if name == 'frames_per_second' else 'fewer'} is better)")
    axis.set_ylabel("score: distance to real images (smaller is better)")


def _scale(axis: Axes, xs: Sequence[float], ys: Sequence[float]) -> None:
    axis.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    for values, across, line in ((xs, "x", axis.xaxis), (ys, "y", axis.yaxis)):
        if min(values) > 0 and max(values) > _WIDE * min(values):
            axis.set(**{f"{across}scale": "log"})
            line.set_major_locator(LogLocator(subs=(1, 2, 5)))
            line.set_minor_formatter(NullFormatter())
        line.set_major_formatter(FuncFormatter(lambda value, _: shown(value)))
    if min(xs) == max(xs):
        room = max(1, 0.05 * xs[0])
        axis.set_xlim(xs[0] - room, xs[0] + room)
    axis.grid(color=_GRID, lw=0.7)
    axis.set_axisbelow(True)
    axis.margins(0.08)
    axis.tick_params(labelsize=_SIZE)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _legend(rows: Sequence[Row], looks: _Looks) -> list[Line2D]:
    def entry(label: str, **look: Any) -> Line2D:
        every: dict[str, Any] = {"ls": "", "marker": "o", "color": _INK, "ms": 8}
        return Line2D([], [], label=label, **(every | look))

    handles = []
    if looks.color:
        handles += [
            entry(f"{short(looks.color.name)} {value}", color=_COLORS[i])
            for i, value in enumerate(looks.color.choices)
        ]
    if looks.marker:
        handles += [
            entry(f"{short(looks.marker.name)} {value}", marker=_MARKERS[i], mfc="white")
            for i, value in enumerate(looks.marker.choices)
        ]
    handles.append(entry("real images", ls="--", marker=""))
    handles.append(entry("front of the two", ls="-", marker="", color=_FRONT))
    if any(r["resources_from"] == "yosys" for r in rows):
        handles.append(entry("measured (numbered: Pareto set)"))
    return [*handles, entry("by the models", mfc="white")]


def short(name: str) -> str:
    """A parameter's name without what says where it belongs."""
    return name.removeprefix("generator.").removeprefix("build.").replace("_", " ")


def parallel(rows: Sequence[Row], space: Sequence[Parameter], path: Path) -> None:
    """Draw every trial that is done as a line through its parameters and figures, as PNG.

    ValueError where none is done. What is 0 in all of them is left out.
    """
    done = sorted(_done(rows), key=lambda r: (r["pareto"], -r["score"]))
    columns = [_Column(p.name, short(p.name), p.choices, done) for p in space]
    columns += [_Column(name, _NAMES[name], (), done) for name in ("score", *_drawn(done))]
    figure = Figure(figsize=(max(9, 1.55 * len(columns)), 5.2), layout="constrained")
    axis = figure.add_subplot()
    scores = [r["score"] for r in done]
    span = (max(scores) - min(scores)) or 1.0
    for row in done:
        color = colormaps["viridis"](0.92 * (row["score"] - min(scores)) / span)
        thick: dict[str, Any] = {"lw": 2.6, "alpha": 1.0} if row["pareto"] else {"lw": 1.0, "alpha": 0.45}
        axis.plot(range(len(columns)), [c.height(row) for c in columns], color=color, **thick)
    for x, column in enumerate(columns):
        axis.axvline(x, color=_INK, lw=0.8)
        for height, text in column.ticks:
            axis.annotate(
                text, (x, height), xytext=(4, 0), textcoords="offset points", va="center",
                fontsize=_SIZE - 1, color=_INK,
                bbox={"facecolor": "white", "alpha": 0.75, "ec": "none", "pad": 1},
            )  # fmt: skip
    axis.set_xticks(range(len(columns)), [c.label for c in columns], fontsize=_SIZE)
    axis.set_yticks([])
    axis.set_xlim(-0.1, len(columns) - 0.35)
    axis.set_ylim(-0.05, 1.05)
    for side in axis.spines.values():
        side.set_visible(False)
    write_beside(path, lambda p: figure.savefig(p, dpi=_DPI))


class _Column:
    """One axis of the parallel coordinates: where a row's value lies on it, from 0 to 1."""

    def __init__(self, name: str, label: str, choices: Sequence[Any], rows: Sequence[Row]) -> None:
        self._name, self.label, self._choices = name, label, list(choices)
        values = [r[name] for r in rows] if not choices else [0]
        self._low, self._high = min(values, default=0), max(values, default=1)

    def height(self, row: Row) -> float:
        value = row[self._name]
        if self._choices:
            return self._choices.index(value) / max(1, len(self._choices) - 1)
        return float((value - self._low) / ((self._high - self._low) or 1))

    @property
    def ticks(self) -> list[tuple[float, str]]:
        if self._choices:
            return [(i / max(1, len(self._choices) - 1), str(c)) for i, c in enumerate(self._choices)]
        if self._low == self._high:
            return [(0.0, shown(self._low))]
        values = np.linspace(self._low, self._high, 5)
        if isinstance(self._low, int) and isinstance(self._high, int):
            values = np.unique(values.round())
        span = self._high - self._low
        return [(float((v - self._low) / span), shown(float(v))) for v in values]
