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
    nearest: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw images, each beside the three most like it in the data."),
    ] = None,
    json: Json = False,
) -> None:
    """Score a trained generator again; with the same seed, to the digit what metrics.json says.

    Examples:

    `fpgan evaluate runs/mnist32 --baseline runs/mnist32-float`

    `fpgan evaluate rgb64 --nearest nearest.png`: whether it draws what it has seen
    """
    given.run(run)
    given.run(baseline)
    given.file(inception)
    if nearest is not None:
        given.new_file(nearest)

    from fpgan.model.evaluate import evaluate

    with steps("evaluate"):
        score = evaluate(run, samples, seed, baseline=baseline, inception=inception, nearest=nearest)
    show(score, json, describe(score) + ([] if nearest is None else [f"nearest real images: {nearest}"]))


def describe(score: dict[str, object]) -> list[str]:
    """A score as lines for people."""
    spread = "" if score["spread"] is None else f" +- {score['spread']}"
    lines = [
        f"{score['name']} {score['value']}{spread} ({score['samples']} images in sets of {score['set']}, "
        f"seed {score['seed']}); real against real {score['real_vs_real']}"
    ]
    if score["float_baseline"] is not None:
        lines.append(f"the same network in float, trained as long: {score['float_baseline']}")
    if "precision" in score:
        lines.append(
            "; ".join(
                f"{name} {score[name]} (real {score[f'{name}_real_vs_real']})"
                for name in ("precision", "recall", "nearest")
            )
        )
    held_out = score.get("held_out")
    if isinstance(held_out, dict):
        lines.append(
            f"by {held_out['images']} images that no training saw: {held_out['value']}; of those it learns "
            f"from {held_out['real']}"
        )
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
