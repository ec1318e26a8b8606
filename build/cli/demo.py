# SPDX-License-Identifier: Apache-2.0
"""fpgan demo"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli.common import FAILED, Json, errors, show, steps


def command(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("out/demo"),
    board: Annotated[str, typer.Option(help="Board to fold for.")] = "ultra96",
    images: Annotated[int, typer.Option(help="Images to simulate.")] = 128,
    json: Json = False,
) -> None:
    """The whole way on the shipped checkpoint: QONNX, RTL, Verilator against PyTorch, Yosys, report.

    Example: `fpgan demo --out out/demo`
    """
    with errors():
        from fpgan.build.cli.whole_way import demo

        with steps("demo") as progress:
            result = demo(out, board, images, progress)
        sim, synth = result["sim"], result["synth"]
        share = synth["utilization"]
        used = ", ".join(f"{k} {synth['totals'][k]} ({share[k]:.0%})" for k in share)
        show(
            result,
            json,
            [
                f"{sim['images']} images, {sim['pixels']} pixels, "
                f"{sim['mismatches']} mismatches against PyTorch",
                f"{sim['cycles_per_image']} cycles per image, efficiency {sim['efficiency']:.3f}; "
                f"zero insertion at the same lanes: {result['zero_insert']['cycles_per_image']}",
                used,
                result["report"],
            ],
        )
        if sim["mismatches"] or result["zero_insert"]["mismatches"]:
            raise typer.Exit(FAILED)
