# SPDX-License-Identifier: Apache-2.0
"""fpgan bench"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fpgan.build.cli.common import FAILED, Json, errors, show, steps


def command(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for BENCH.json, bench.png and bench/ with the builds.")
    ] = Path("out"),
    designs: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Names, separated by commas; all by default (build/bench/designs.yaml)."),
    ] = None,
    images: Annotated[Optional[int], typer.Option(help="Images to simulate; each design's own.")] = None,  # noqa: UP045
    synth: Annotated[bool, typer.Option("--synth/--no-synth", help="Count resources with Yosys.")] = True,
    json: Json = False,
) -> None:
    """Where the designs stand: against the limit, zero insertion, published accelerators, CPU and GPU.

    Examples:

    `fpgan bench`: everything, an hour or more

    `fpgan bench --designs mnist32-ultra96,rgb64-ultra96 --images 4 --no-synth`: cycles and images/s only
    """
    with errors():
        from fpgan.build.bench import bench
        from fpgan.build.bench.table import table

        names = None if designs is None else [n for n in map(str.strip, designs.split(",")) if n]
        with steps("bench") as progress:
            result = bench(out, names, images, synth, progress)
        show(result, json, [table(result), f"{out / 'BENCH.json'}, {out / 'bench.png'}"])
        if result["failed"]:
            typer.echo(f"error: {', '.join(result['failed'])}: failed or with mismatches", err=True)
            raise typer.Exit(FAILED)
