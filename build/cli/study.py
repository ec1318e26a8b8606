# SPDX-License-Identifier: Apache-2.0
"""fpgan study"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, bar, show
from fpgan.build.cli.options import whole
from fpgan.build.report.numbers import rounded


def command(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC", help="YAML file, or the name of one that ships: digits.")
    ],
    workers: Annotated[int, whole("Processes on this machine, a trial at a time in each.", 1)] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT", help="Address of a Dask scheduler to use instead of processes here."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="STUDY folder to write, or to go on with.", show_default="studies/NAME"),
    ] = None,
    steps: Annotated[int | None, whole("Training steps of each trial.", 1, default="the file's")] = None,
    json: Json = False,
) -> None:
    """Quality against resources over many configurations: train, build and compare them.

    Killed at any moment, the same command goes on: finished trials stay, the others resume.

    Examples:

    `fpgan study digits --workers 4`: weight and activation bits, two widths

    `fpgan study digits --steps 300 --out studies/quick`: the same, trained for seconds

    `fpgan study my.yaml --scheduler tcp://head:8786 --out /shared/my`: on a cluster that Dask has
    """
    from fpgan.build.study.spec import Spec

    plan = Spec.from_yaml(spec, steps)
    given.to_write(out if out is not None else Path("studies") / plan.name)

    from fpgan.build.study import study

    with bar("study") as progress:
        result = study(spec, out, workers, scheduler, steps, progress)
    differ = "pixels differ" if any(row["mismatches"] for row in result["trials"]) else ""
    show(result, json, _lines(result), differ if result["done"] else "every trial failed")


def _lines(result: dict[str, Any]) -> list[str]:
    rows = {row["trial"]: row for row in result["trials"]}
    lines = [f"{result['folder']}: {result['done']} trials, {result['failed']} failed"]
    for row in (rows[number] for number in result["pareto"]):
        values = " ".join(f"{name}={row[name]}" for name in result["parameters"])
        lines.append(
            f"{row['trial']:4}  {values}: {row['score_name']} {rounded(row['score'], row['score_spread'])} "
            f"(real {rounded(row['real_vs_real'], row['score_spread'])}), "
            f"{row['LUT']:,} LUT {row['DSP']:,} DSP {row['BRAM18']:,} BRAM18 ({row['resources_from']}), "
            f"{row['frames_per_second']:,.0f} images/s ({row['cycles_from']})"
        )
    lines += [f"{n:4}  failed: {row['error']}" for n, row in rows.items() if row["error"]]
    files = ["report.html", *(["pareto.png"] if result["done"] else []), "trials.parquet"]
    return [*lines, f"{result['folder']}/{', '.join(files)}"]
