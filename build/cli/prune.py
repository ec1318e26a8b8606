# SPDX-License-Identifier: Apache-2.0
"""fpgan prune"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, bar, show
from fpgan.build.cli.options import choice, real, whole


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="RUN folder of fpgan train.")],
    out: Annotated[Path, typer.Option("--out", help="RUN folder to write.")],
    ratio: Annotated[
        float | None,
        real("Share of each layer's channels to remove.", 0, 1, "()"),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(metavar="INT,...", help="Or how many to keep: 64,32,16, one per layer but the last."),
    ] = None,
    by: Annotated[
        str,
        choice(
            "What is least important: taylor (change of the images) or bn (BatchNorm scale).",
            ("taylor", "bn"),
        ),
    ] = "taylor",
    steps: Annotated[int, whole("Fine-tuning by RUN's own recipe.", 0)] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the training that OUT holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove the least important channels of a trained generator; all else works on the result as on any RUN.

    Examples:

    `fpgan prune runs/mnist32 --ratio 0.5 --steps 3000 --out runs/half`

    `fpgan prune runs/mnist32 --channels 64,48,16 --out runs/small`, then
    `fpgan train --config runs/small/config.yaml --init runs/small --out runs/tuned`
    """
    given.run(run)
    given.to_write(out)
    kept = _numbers(channels)
    if (ratio is None) == (kept is None):
        raise ValueError("give either --ratio or --channels")

    from fpgan.build.cli.evaluate import describe
    from fpgan.model.prune import prune

    with bar("prune") as progress:
        metrics = prune(run, out, ratio, kept, by, steps, progress=progress, overwrite=overwrite)
    before, after = metrics["pruned"]["from"], [len(k) for k in metrics["pruned"]["kept"]]
    lines = [
        f"{out}: channels {'-'.join(map(str, before))} to {'-'.join(map(str, after))} by {by}; "
        f"untuned {metrics['pruned']['untuned']}, {metrics['steps']} steps",
        *describe(metrics["score"]),
    ]
    show(metrics, json, lines)


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"--channels {text}: numbers with commas are expected, as 64,32,16")
    return [int(part) for part in parts]
