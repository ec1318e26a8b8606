# SPDX-License-Identifier: Apache-2.0
"""fpgan prune"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fpgan.build.cli.common import Json, bar, errors, show


def command(
    run: Annotated[Path, typer.Argument(help="RUN folder of fpgan train.")],
    out: Annotated[Path, typer.Option("--out", help="RUN folder to write.")],
    ratio: Annotated[Optional[float], typer.Option(help="Share of each layer's channels to remove.")] = None,  # noqa: UP045
    channels: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Or how many to keep: 64,32,16, one per layer but the last."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(help="What is least important: bn (BatchNorm scale) or taylor (change of the images)."),
    ] = "taylor",
    steps: Annotated[int, typer.Option(help="Fine-tuning by RUN's own recipe.")] = 0,
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
    with errors():
        from fpgan.build.cli.evaluate import describe
        from fpgan.model.prune import prune

        with bar("prune") as progress:
            metrics = prune(
                run, out, ratio, _numbers(channels), by, steps, progress=progress, overwrite=overwrite
            )
        before, kept = metrics["pruned"]["from"], [len(k) for k in metrics["pruned"]["kept"]]
        show(
            metrics,
            json,
            [
                f"{out}: channels {'-'.join(map(str, before))} to {'-'.join(map(str, kept))} by {by}; "
                f"untuned {metrics['pruned']['untuned']}, {metrics['steps']} steps",
                *describe(metrics["score"]),
            ],
        )


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"--channels {text}: numbers with commas are expected, as 64,32,16")
    return [int(part) for part in parts]
