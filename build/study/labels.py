# SPDX-License-Identifier: Apache-2.0
"""Names beside the points of a plot, where they cover neither each other nor other points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 0.74, 1.05  # of a bold digit, of its size
_GAPS = (6.0, 12.0, 20.0, 30.0, 42.0, 56.0)  # from the point to the name, in points
_ANGLES = (0, 180, 40, 320, 140, 220, 90, 270)
_COLOR, _LINE = "#1b2430", "#5d6b7d"

Box = NDArray[np.float64]  # left, bottom, right, top; pixels


def label(
    axis: Axes, named: Sequence[tuple[float, float, str]], points: Sequence[tuple[float, float]], size: float
) -> None:
    """Write names (x, y, text) in a plot whose limits and layout are final.

    points (x, y): every marker, to be kept clear. size: of the text, in points.
    """
    pixel = axis.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    marker = 0.8 * size * pixel
    taken = [_box(x, y, marker, marker) for x, y in axis.transData.transform(points)]
    bounds = np.asarray(axis.bbox.extents)
    for x, y, text in sorted(named, key=lambda point: -point[1]):
        middle = axis.transData.transform((x, y))
        width, height = len(text) * _WIDTH * size, _HEIGHT * size
        options = [
            (gap, (dx, dy), pixel * _box(middle[0] / pixel + dx, middle[1] / pixel + dy, width, height))
            for gap, dx, dy in _offsets(width, height)
        ]
        gap, offset, box = min(options, key=lambda option: _covered(option[2], taken, bounds))
        taken.append(box)
        _write(axis, (x, y), offset, text, size, far=gap > _GAPS[0])


def _offsets(width: float, height: float) -> Iterator[tuple[float, float, float]]:
    """Gap to a point, and where from it a name's middle may be, in points; what comes first is liked best."""
    for gap in _GAPS:
        for angle in map(math.radians, _ANGLES):
            yield gap, (gap + width / 2) * math.cos(angle), (gap + height / 2) * math.sin(angle)


def _write(
    axis: Axes, point: tuple[float, float], offset: tuple[float, float], text: str, size: float, far: bool
) -> None:
    """far: a line leads to the point."""
    line = {"arrowstyle": "-", "color": _LINE, "lw": 0.7, "shrinkA": 1, "shrinkB": 3}
    written = axis.annotate(
        text, point, xytext=offset, textcoords="offset points", ha="center", va="center_baseline",
        fontsize=size, color=_COLOR, fontweight="bold", zorder=5, arrowprops=line if far else None,
    )  # fmt: skip
    written.set_in_layout(False)  # the layout has been made, and this stays inside


def _box(x: float, y: float, width: float, height: float) -> Box:
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def _covered(box: Box, taken: Sequence[Box], bounds: Box) -> float:
    """Area of a box that is taken already or out of bounds."""
    inside = _overlap(box, bounds[None])[0]
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(area - inside) + float(_overlap(box, np.array(taken)).sum())


def _overlap(box: Box, others: Box) -> Box:
    """Area that a box shares with each of others (N,4)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return np.asarray(np.prod(np.clip(sides, 0, None), axis=1))
