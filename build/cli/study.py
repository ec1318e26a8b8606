# SPDX-License-Identifier: Apache-2.0
"""fpgan study"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from fpgan.build.cli.common import FAILED, Json, bar, errors, show
from fpgan.build.report.numbers import rounded


def command(
    spec: Annotated[Path, typer.Argument(help="YAML file, or the name of one that ships: digits.")],
    workers: Annotated[int, typer.Option(help="Processes on this machine, a trial at a time in each.")] = 2,
    scheduler: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Address of a Dask scheduler to use instead, as tcp://host:8786."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", help="STUDY folder to write, or to go on with; studies/NAME."),
    ] = None,
    steps: Annotated[Optional[int], typer.Option(help="Training steps of each trial.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Quality against resources over many configurations: train, build and compare them.

    Killed at any moment, the same command goes on: finished trials stay, the others resume.

    Examples:

    `fpgan study digits --workers 4`: weight and activation bits, two widths

    `fpgan study digits --steps 300 --out studies/quick`: the same, trained for seconds

    `fpgan study my.yaml --scheduler tcp://head:8786 --out /shared/my`: on a cluster that Dask has
    """
    with errors():
        from fpgan.build.study import study

        with bar("study") as progress:
            result = study(spec, out, workers, scheduler, steps, progress)
        show(result, json, _lines(result))
        if not result["done"] or any(row["mismatches"] for row in result["trials"]):
            typer.echo(
                "error: every trial failed" if not result["done"] else "error: pixels differ", err=True
            )
            raise typer.Exit(FAILED)


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
