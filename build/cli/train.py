# SPDX-License-Identifier: Apache-2.0
"""fpgan train"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.api.runs import configuration
from fpgan.build.cli import given
from fpgan.build.cli.common import INTERRUPTED, Failed, Json, bar, show
from fpgan.build.cli.options import choice, whole
from fpgan.build.cli.options import seed as seed_option
from fpgan.model.config import PRESETS
from fpgan.model.run_folder import STATE

_NAMED = 20


def command(
    preset: Annotated[str | None, choice("A known network.", tuple(PRESETS))] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file instead of a preset.")] = None,
    bits: Annotated[
        str | None,
        typer.Option(metavar="W4A4|float", help="Bits of all layers.", show_default="the configuration's"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting, as often as needed: dataset=emoji, generator.classes=10.",
        ),
    ] = None,
    steps: Annotated[
        int | None, whole("0 only calibrates the scales.", 0, default="the configuration's")
    ] = None,
    seed: Annotated[
        int | None, seed_option("Of weights, latents and order.", default="the configuration's")
    ] = None,
    init: Annotated[
        Path | None, typer.Option(help="A generator to start from: .safetensors, .pth, RUN.")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="RUN, usually of more channels, whose images are to be learnt."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="RUN of the same network trained as long with --bits float, to compare with."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="RUN folder to write.")] = Path("runs/latest"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from what RUN holds.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the training that RUN holds.")
    ] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Also write RUN/tensorboard.")] = False,
    json: Json = False,
) -> None:
    """Train a generator with its quantizers in place.

    Examples:

    `fpgan train --preset mnist32 --out runs/mnist32`

    `fpgan train --preset rgb64 --steps 0 --out runs/rgb64`: untrained, to build hardware from

    `fpgan train --preset rgb64 --set dataset=emoji --set decay=0.5 --out runs/emoji`

    `fpgan train --resume --out runs/mnist32`: after a kill, as if there had been none

    `torchrun --nproc-per-node 4 $(which fpgan) train --config big.yaml`: on four GPUs, or four CPU cores

    `fpgan train --preset mnist32 --set generator.channels=[48,24,12] --set distill=10 --teacher runs/mnist32`

    `fpgan train --preset mnist32 --bits float --out runs/float`: what quantization is to be measured against
    """
    if resume and overwrite:
        raise ValueError("give either --resume or --overwrite")
    _check_files(init, teacher, baseline, out, resume)
    chosen = configuration(preset, config, settings or [], steps, bits, seed, out if resume else None)

    from fpgan.build.cli.evaluate import describe
    from fpgan.model.device import is_main
    from fpgan.model.train import Diverged, train

    before = _saved(out / STATE)
    try:
        with bar("train") as progress:
            metrics = train(
                chosen, out, init=init, resume=resume, baseline=baseline, teacher=teacher,
                progress=progress if is_main() else None, tensorboard=tensorboard, overwrite=overwrite,
            )  # fmt: skip
    except Diverged as error:
        raise Failed(str(error)) from None
    except KeyboardInterrupt:
        new = resume or _saved(out / STATE) != before
        go_on = f"to go on: {_to_go_on(out, baseline, tensorboard)}" if new else "nothing is saved yet"
        raise Failed(f"interrupted; {go_on}", INTERRUPTED, printed=not is_main()) from None
    if is_main():
        show(metrics, json, _lines(metrics, out) + (describe(metrics["score"]) if metrics["score"] else []))


def _check_files(
    init: Path | None, teacher: Path | None, baseline: Path | None, out: Path, resume: bool
) -> None:
    """ValueError names the first that is not there, or the folder that cannot be written."""
    given.weights(init)
    given.run(teacher)
    given.run(baseline)
    given.to_write(out)
    if resume:
        given.file(out / STATE)


def _saved(state: Path) -> int | None:
    """When a training was last saved."""
    return state.stat().st_mtime_ns if state.is_file() else None


def _to_go_on(out: Path, baseline: Path | None, tensorboard: bool) -> str:
    """The command that does. What the steps depend on is in RUN; other options have to be given again."""
    words = ["fpgan", "train", "--resume", "--out", str(out)]
    words += [] if baseline is None else ["--baseline", str(baseline)]
    return shlex.join([*words, *(["--tensorboard"] if tensorboard else [])])


def _lines(metrics: dict[str, Any], out: Path) -> list[str]:
    lines = [f"{out}: {metrics['steps']} steps in {metrics['seconds']:.0f} s"]
    if "held_out" in metrics:
        lines.append(f"{metrics['images']} images to learn from, {metrics['held_out']} held out")
    lines += [
        f"  label {i}: {label['name']}, {label['images']} images"
        for i, label in enumerate(metrics.get("labels", []))
    ]
    if metrics["broken"]:
        names = ", ".join(metrics["broken"][:_NAMED])
        more = ", ..." if len(metrics["broken"]) > _NAMED else ""
        lines.append(f"{len(metrics['broken'])} broken images skipped: {names}{more}")
    return lines
