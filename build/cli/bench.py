# SPDX-License-Identifier: Apache-2.0
"""fpgan bench"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import several, whole


def _designs() -> list[str]:
    from fpgan.build.bench.designs import all_designs

    return [design.name for design in all_designs()]


def command(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for BENCH.json, bench.png and bench/ with the builds.")
    ] = Path("out"),
    designs: Annotated[
        str | None,
        several("Rows of build/bench/designs.yaml.", _designs, "NAME,...", default="all"),
    ] = None,
    images: Annotated[int | None, whole("Images to simulate.", 2, default="each design's own")] = None,
    synth: Annotated[bool, typer.Option("--synth/--no-synth", help="Count resources with Yosys.")] = True,
    json: Json = False,
) -> None:
    """Where the designs stand: against the limit, zero insertion, published accelerators, CPU and GPU.

    Examples:

    `fpgan bench`: everything, an hour or more

    `fpgan bench --designs mnist32-ultra96,rgb64-ultra96 --images 4 --no-synth`: cycles and images/s only
    """
    given.to_write(out)

    from fpgan.build.bench import bench
    from fpgan.build.bench.table import table

    with steps("bench") as progress:
        result = bench(out, None if designs is None else designs.split(","), images, synth, progress)
    failed = f"{', '.join(result['failed'])}: failed or with mismatches" if result["failed"] else ""
    show(result, json, [table(result), f"{out / 'BENCH.json'}, {out / 'bench.png'}"], failed)
