# SPDX-License-Identifier: Apache-2.0
"""fpgan evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import seed as seed_option
from fpgan.build.cli.options import whole

_RUN = "RUN folder of fpgan train, or the name of a shipped checkpoint."


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_RUN)],
    samples: Annotated[int, whole("Generated images to score.", 1)] = 10_000,
    seed: Annotated[int, seed_option("Of the latents and of how the real images are cut.")] = 0,
    baseline: Annotated[Path | None, typer.Option(help="RUN of the same network in float.")] = None,
    inception: Annotated[
        Path | None,
        typer.Option(help="torch-fidelity's Inception-v3 weights, for FID and KID as papers give them."),
    ] = None,
    json: Json = False,
) -> None:
    """Score a trained generator again; with the same seed, to the digit what metrics.json says.

    Example: `fpgan evaluate runs/mnist32 --baseline runs/mnist32-float`
    """
    given.run(run)
    given.run(baseline)
    given.file(inception)

    from fpgan.model.evaluate import evaluate

    with steps("evaluate"):
        score = evaluate(run, samples, seed, baseline=baseline, inception=inception)
    show(score, json, describe(score))


def describe(score: dict[str, object]) -> list[str]:
    """A score as lines for people."""
    spread = "" if score["spread"] is None else f" +- {score['spread']}"
    lines = [
        f"{score['name']} {score['value']}{spread} ({score['samples']} images in sets of {score['set']}, "
        f"seed {score['seed']}); real against real {score['real_vs_real']}"
    ]
    if score["float_baseline"] is not None:
        lines.append(f"the same network in float, trained as long: {score['float_baseline']}")
    inception = score.get("inception")
    if isinstance(inception, dict):
        lines.append(
            f"Inception: FID {inception['fid']} (real against real {inception['fid_real_vs_real']}), "
            f"KID x 1000 {inception['kid']} ({inception['kid_real_vs_real']}), {inception['images']} images"
        )
    classes = score.get("classes")
    if isinstance(classes, dict):
        if "agreement" in classes:
            lines.append(f"the classifier sees the label asked for in {classes['agreement']:.1%}")
        lines += [
            f"  label {row['label']}: "
            + ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in row if name != "label")
            for row in classes["each"]
        ]
    return lines
