# SPDX-License-Identifier: Apache-2.0
"""fpgan demo"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import board as board_option
from fpgan.build.cli.options import whole


def command(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("out/demo"),
    board: Annotated[str, board_option("Board to fold for")] = "ultra96",
    images: Annotated[int, whole("Images to simulate.", 1)] = 128,
    notebook: Annotated[
        Path | None,
        typer.Option("--notebook", metavar="FILE.ipynb", help="Write the tour for Jupyter instead."),
    ] = None,
    json: Json = False,
) -> None:
    """The whole way on the shipped checkpoint: QONNX, RTL, Verilator against PyTorch, Yosys, report.

    Examples:

    `fpgan demo --out out/demo`

    `fpgan demo --notebook tour.ipynb`: training, build, simulation and a study from Python
    """
    if notebook is not None:
        _write_tour(notebook, json)
        return
    given.to_write(out)

    from fpgan.build.cli.whole_way import demo

    with steps("demo") as progress:
        result = demo(out, board, images, progress)
    sim, synth = result["sim"], result["synth"]
    share = synth["utilization"]
    lines = [
        f"{sim['images']} images, {sim['pixels']} pixels, {sim['mismatches']} mismatches against PyTorch",
        f"{sim['cycles_per_image']} cycles per image, efficiency {sim['efficiency']:.3f}; "
        f"zero insertion at the same lanes: {result['zero_insert']['cycles_per_image']}",
        ", ".join(f"{k} {synth['totals'][k]} ({share[k]:.0%})" for k in share),
        result["report"],
    ]
    differ = sim["mismatches"] + result["zero_insert"]["mismatches"]
    show(result, json, lines, f"{differ} pixels differ from PyTorch" if differ else "")


def _write_tour(path: Path, json: bool) -> None:
    """ValueError where a file is there already: it may hold somebody's own cells."""
    from fpgan.build.api.tour import notebook
    from fpgan.hw.system.files import write_bytes

    given.new_file(path)
    if path.exists():
        raise ValueError(f"{path}: is there already; name a new file")
    write_bytes(path, notebook())
    show({"notebook": str(path)}, json, [f"{path}: for Jupyter"])
