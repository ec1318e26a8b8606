# SPDX-License-Identifier: Apache-2.0
"""What a lane of each compute core takes, at every width and on both families, beside FINN's own."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib

from fpgan.build.dataflow.cascade import packing
from fpgan.build.dataflow.ops import register
from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import sources
from fpgan.hw.system.files import make_folder, write_beside

WIDTHS = tuple(range(1, 9))
CORES = {"lut": "mvu_lut", "cascade": "mvu_cascade", "dsp": "mvu"}  # the last is FINN's
_TITLES = {"lut": "mvu_lut: LUTs", "cascade": "mvu_cascade: LUTs (DSPs)", "dsp": "FINN's mvu: LUTs (DSPs)"}
_BLOCKS = {"xcup": "DSP48E2", "xc7": "DSP48E1"}
_PARTS = {"xcup": "UltraScale+", "xc7": "7-series"}
_PE, _SIMD = 8, 16
_LEAST = {"dsp": 2}  # bits that FINN's takes
_ROOM = 8  # bits of an accumulator beyond those of a product: 256 steps
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Lane:
    """Of a core of 8 PE and 16 SIMD, by Yosys: LUT, FF and DSP for each of its lanes.

    Adder tree and accumulators are in it, memories are not; activations are not signed, each sum has 8 bits
    more than a product.
    """

    family: str
    core: str
    weight_bits: int
    act_bits: int
    LUT: float
    FF: float
    DSP: float


def lanes(
    out: str | Path = "out",
    widths: Sequence[int] = WIDTHS,
    cores: Collection[str] = tuple(CORES),
    progress: Progress | None = None,
) -> list[Lane]:
    """Count each core at each width of weights and activations for both families.

    Writes out/lanes.csv, a row per Lane, after each, and out/lanes.png at last. A width that a core does not
    take has no row.
    progress: called with each core and width. Raises ToolError where Yosys is not there.
    """
    out, say = Path(out), progress or (lambda _: None)
    make_folder(out)
    found = list[Lane]()
    for family, core, weights, acts in itertools.product(_BLOCKS, cores, widths, widths):
        say(f"{core}, {_PARTS[family]}, W{weights}A{acts}")
        parameters = _parameters(core, family, weights, acts)
        if parameters is not None:
            found.append(_counted(family, core, weights, acts, parameters))
            write_beside(out / "lanes.csv", lambda path: _write(found, path))
    draw(found, out / "lanes.png")
    return found


def read(path: Path) -> list[Lane]:
    """The rows of a lanes.csv."""
    kinds = {field.name: {"str": str, "int": int, "float": float}[str(field.type)] for field in fields(Lane)}
    with path.open(encoding="utf-8", newline="") as text:
        return [
            Lane(**{key: kinds[key](value) for key, value in row.items()}) for row in csv.DictReader(text)
        ]


def table(found: Sequence[Lane]) -> str:
    """Markdown: a line for each width that weights and activations share."""
    names = {(lane.family, lane.core): f"{CORES[lane.core]}, {_PARTS[lane.family]}" for lane in found}
    lines = [["bits", *names.values()], ["---"] * (1 + len(names))]
    by = {
        (lane.family, lane.core, lane.weight_bits): lane
        for lane in found
        if lane.weight_bits == lane.act_bits
    }
    for bits in sorted({key[2] for key in by}):
        lines.append([f"W{bits}A{bits}", *(_said(by.get((*name, bits))) for name in names)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def draw(found: Sequence[Lane], path: Path) -> None:
    """A map for each core and family, weights downwards, activations to the right, as PNG at path."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    cores = [core for core in CORES if any(lane.core == core for lane in found)]
    widths = sorted({lane.weight_bits for lane in found})
    figure, axes = plt.subplots(
        len(_BLOCKS), len(cores), figsize=(4.6 * len(cores), 8.6), squeeze=False, layout="constrained"
    )
    scale = LogNorm(max(0.5, min(lane.LUT for lane in found)), max(1.0, *(lane.LUT for lane in found)))
    for (row, family), (column, core) in itertools.product(enumerate(_BLOCKS), enumerate(cores)):
        axis = axes[row, column]
        cells = {(x.weight_bits, x.act_bits): x for x in found if (x.family, x.core) == (family, core)}
        values = [[cells[w, a].LUT if (w, a) in cells else float("nan") for a in widths] for w in widths]
        axis.imshow(values, norm=scale, cmap="YlGnBu")
        for (y, w), (x, a) in itertools.product(enumerate(widths), enumerate(widths)):
            lane = cells.get((w, a))
            dark = lane is not None and scale(lane.LUT) > 0.6
            axis.text(x, y, _said(lane, "\n"), ha="center", va="center", fontsize=7.5,
                      color="white" if dark else "#1b2430")  # fmt: skip
        axis.set_title(f"{_TITLES[core]}, {_PARTS[family]}", fontsize=10, loc="left")
        axis.set_xticks(range(len(widths)), [f"A{a}" for a in widths], fontsize=8)
        axis.set_yticks(range(len(widths)), [f"W{w}" for w in widths], fontsize=8)
        axis.tick_params(length=0)
        for side in axis.spines.values():
            side.set_visible(False)
    figure.suptitle(
        f"What a lane takes: {_PE} PE x {_SIMD} SIMD with tree and accumulators, by Yosys", fontsize=12
    )
    write_beside(path, lambda beside: figure.savefig(beside, dpi=110))
    plt.close(figure)


def _said(lane: Lane | None, between: str = " ") -> str:
    if lane is None:
        return "-"
    return f"{lane.LUT:.1f}" + (f"{between}({lane.DSP:.2f})" if lane.DSP else "")


def _parameters(core: str, family: str, weights: int, acts: int) -> dict[str, int] | None:
    """Of its module; None where it does not take the widths."""
    if min(weights, acts) < _LEAST.get(core, 1):
        return None
    given = {
        "PE": _PE, "SIMD": _SIMD, "WEIGHT_WIDTH": weights, "ACTIVATION_WIDTH": acts,
        "ACCU_WIDTH": weights + acts + _ROOM,
    }  # fmt: skip
    if core == "lut":
        return given
    given["VERSION"] = int(_BLOCKS[family][-1])
    if core == "dsp":
        return given
    found = packing(1, _PE, _SIMD, weights, acts, False, False, given["ACCU_WIDTH"], _BLOCKS[family])
    return found and given | {"LANES": found.lanes, "CHAIN": found.chain, "PITCH": found.pitch}


def _counted(family: str, core: str, weights: int, acts: int, parameters: dict[str, int]) -> Lane:
    from finn.util.settings import get_settings  # FINN takes seconds to import

    register()
    with TemporaryDirectory() as folder:
        rtl = Path(folder)
        paths = sources(CORES[core], Path(get_settings().finn_rtllib))
        names = copy_finn_sources(paths, rtl)
        entry = synth_module(rtl, names, CORES[core], family, rtl / "work", parameters)
    per_lane = (round(entry[column] / (_PE * _SIMD), 3) for column in ("LUT", "FF", "DSP"))
    return Lane(family, core, weights, acts, *per_lane)


def _write(found: Sequence[Lane], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(field.name for field in fields(Lane))
        rows.writerows(map(astuple, found))
