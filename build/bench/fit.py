# SPDX-License-Identifier: Apache-2.0
"""costs.png: what builds were estimated to take against what synthesis counted, layer by layer."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

from fpgan.hw.design import read_report, read_synth
from fpgan.hw.system.files import write_beside

_COLORS = {"Deconv_rtl": "#0072B2", "Thresholding_rtl": "#E69F00", "other": "#8A8A8A"}
_SMALL = 100  # LUTs below which a layer says nothing about the model


@dataclass(frozen=True)
class _Point:
    op: str
    estimated: int
    counted: int

    @property
    def error(self) -> float:
        return abs(self.estimated / self.counted - 1)


def fit(builds: list[Path], path: Path) -> dict[str, Any] | None:
    """Compare report.json with synth.json of every build and draw the LUTs of their layers as PNG at path.

    Returns {"layers", "median_error", "worst_error", "median_error_of"} over layers of 100 LUTs and more;
    None, and no picture, where no build was synthesized.
    """
    points = [point for build in builds for point in _points(build)]
    if not points:
        return None
    by_op = {op: [p.error for p in points if p.op == op] for op in dict.fromkeys(p.op for p in points)}
    errors = [point.error for point in points]
    result = {
        "layers": len(points),
        "median_error": round(statistics.median(errors), 4),
        "worst_error": round(max(errors), 4),
        "median_error_of": {op: round(statistics.median(values), 4) for op, values in by_op.items()},
    }
    _draw(points, result, path)
    return result


def _points(build: Path) -> list[_Point]:
    try:
        report, synth = read_report(build), read_synth(build)
    except ValueError:  # its row says why
        return []
    if synth is None:
        return []
    counted = {layer["name"]: layer["LUT"] for layer in synth["layers"]}
    return [
        _Point(layer["op"], layer["estimates"]["LUT"], counted[layer["name"]])
        for layer in report["layers"]
        if counted.get(layer["name"], 0) >= _SMALL
    ]


def _draw(points: list[_Point], result: dict[str, Any], path: Path) -> None:
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.4, 6), layout="constrained")
    ends = [_SMALL * 0.8, 1.25 * max(max(p.estimated, p.counted) for p in points)]
    axis.plot(ends, ends, color="#1b2430", lw=1)
    axis.fill_between(ends, [0.9 * e for e in ends], [1.1 * e for e in ends], color="#dfe5ec", lw=0)
    named = {p.op if p.op in _COLORS else "other" for p in points}
    for op, marker in zip(_COLORS, "os^", strict=True):
        if op not in named:
            continue
        chosen = [p for p in points if (p.op if p.op in _COLORS else "other") == op]
        axis.scatter([p.counted for p in chosen], [p.estimated for p in chosen], s=26, marker=marker,
                     color=_COLORS[op], alpha=0.75, lw=0, label=op.removesuffix("_rtl"))  # fmt: skip
    axis.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="LUTs counted by synthesis",
             ylabel="LUTs estimated by the build")  # fmt: skip
    axis.set_title(
        f"{result['layers']} layers, median error {result['median_error']:.1%} (band: 10 %)", fontsize=11
    )
    axis.grid(color="#dfe5ec", lw=0.6)
    axis.set_axisbelow(True)
    axis.legend(frameon=False)
    write_beside(path, lambda beside: figure.savefig(beside, dpi=130))
    plt.close(figure)
