# SPDX-License-Identifier: Apache-2.0
"""fpgan bench"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import several, whole


def _designs() -> list[str]:
    from fpgan.build.bench.designs import all_designs

    return [design.name for design in all_designs()]


def _lowered() -> tuple[str, ...]:
    from fpgan.build.finn.lowering_names import LOWERINGS

    return LOWERINGS


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
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the rows of OUT that would come out the same.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(help="Say what changed since this BENCH.json; exit code 1 where it is worse."),
    ] = None,
    measured: Annotated[
        Path | None, typer.Option(help="With --against: compare this BENCH.json, measure nothing.")
    ] = None,
    lowerings: Annotated[
        bool,
        typer.Option(
            "--lowerings", help="Only our transposed convolution beside FINN's own lowering of one."
        ),
    ] = False,
    lanes: Annotated[
        bool, typer.Option("--lanes", help="Only what a lane of each compute core takes, at every width.")
    ] = False,
    deconv: Annotated[
        str | None, several("With --lowerings: which of them.", _lowered, "fpgan,finn", default="both")
    ] = None,
    json: Json = False,
) -> None:
    """Where the designs stand: against the limit, zero insertion, published accelerators, CPU and GPU.

    Examples:

    `fpgan bench`: everything, hours

    `fpgan bench --designs mnist32-ultra96,rgb64-ultra96 --images 4 --no-synth`: cycles and images/s only

    `fpgan bench --resume`: the same after a kill; designs that are done stay

    `fpgan bench --against build/bench/BENCH.json`: everything, and what changed since the release

    `fpgan bench --against OLD.json --measured out/BENCH.json`: two that were made before

    `fpgan bench --lanes`: LUTs, flip-flops and DSPs of a lane, W1A1 to W8A8, beside FINN's core

    `fpgan bench --lowerings`: beside zeros between pixels and a convolution, all through FINN's builder
    """
    if lowerings and lanes:
        raise ValueError("--lanes: goes without --lowerings")
    if lowerings:
        _lowerings(out, deconv, synth, json)
        return
    if deconv is not None:
        raise ValueError(f"--deconv {deconv}: goes with --lowerings")
    if lanes:
        _lanes(out, json)
        return
    from fpgan.build.bench.against import read_bench

    if measured is not None and against is None:
        raise ValueError(f"--measured {measured}: goes with --against")
    old = read_bench(against) if against else None
    if old is not None and measured is not None:
        _compare(old, read_bench(measured), str(against), [], json)
        return
    given.to_write(out)

    from fpgan.build.bench import bench
    from fpgan.build.bench.table import table

    with steps("bench") as progress:
        result = bench(out, None if designs is None else designs.split(","), images, synth, progress, resume)
    told = [table(result), f"{out / 'BENCH.json'}, {out / 'bench.png'}"]
    failed = f"{', '.join(result['failed'])}: failed or with mismatches" if result["failed"] else ""
    if old is not None:
        _compare(old, result, str(against), told, json, failed)
    else:
        show(result, json, told, failed)


def _lowerings(out: Path, deconv: str | None, synth: bool, json: bool) -> None:
    from fpgan.build.bench import lowerings as literal

    given.to_write(out)
    chosen = _lowered() if deconv is None else deconv.split(",")
    with steps("bench") as progress:
        rows = literal.lowerings(out, cast(Any, chosen), synth=synth, progress=progress)
    wrong = [row["deconv"] for row in rows if row["mismatches"]]
    show({"lowerings": rows}, json, [literal.table(rows)], f"{', '.join(wrong)}: mismatches" if wrong else "")


def _lanes(out: Path, json: bool) -> None:
    from fpgan.build.bench import lanes as counted

    given.to_write(out)
    with steps("bench") as progress:
        found = counted.lanes(out, progress=progress)
    told = [counted.table(found), f"{out / 'lanes.csv'}, {out / 'lanes.png'}"]
    show({"lanes": [asdict(lane) for lane in found]}, json, told)


def _compare(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, told: list[str], json: bool, failed: str = ""
) -> None:
    from fpgan.build.bench.against import compare, lines

    compared = compare(old, new, path)
    worse = f"{', '.join(compared['worse'])}: worse than in {path}" if compared["worse"] else ""
    show(compared, json, [*told, *lines(compared)], "; ".join(filter(None, (failed, worse))))
