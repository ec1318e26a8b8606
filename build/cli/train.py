# SPDX-License-Identifier: Apache-2.0
"""fpgan train"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from fpgan.build.cli.common import FAILED, INTERRUPTED, Json, bar, errors, show

_NAMED = 20


def command(
    preset: Annotated[Optional[str], typer.Option(help="tiny, mnist32, seed32, rgb64 or k5.")] = None,  # noqa: UP045
    config: Annotated[Optional[Path], typer.Option(help="YAML file instead of a preset.")] = None,  # noqa: UP045
    bits: Annotated[Optional[str], typer.Option(help="float, or W4A4 and the like.")] = None,  # noqa: UP045
    settings: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", help="A setting, as often as needed: dataset=emoji, generator.classes=10."),
    ] = None,
    steps: Annotated[Optional[int], typer.Option(help="0 only calibrates the scales.")] = None,  # noqa: UP045
    seed: Annotated[Optional[int], typer.Option(help="Instead of the configuration's.")] = None,  # noqa: UP045
    init: Annotated[
        Path | None, typer.Option(help="A generator to start from: .safetensors, .pth, RUN.")
    ] = None,
    teacher: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="RUN, usually of more channels, whose images are to be learnt."),
    ] = None,
    baseline: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="RUN of the same network trained as long with --bits float, to compare with."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="RUN folder to write.")] = Path("runs/latest"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from what RUN holds.")] = False,
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
    with errors():
        if (preset is not None and config is not None) or (not resume and preset is None and config is None):
            raise ValueError("give either --preset or --config; --resume can do without")
        from fpgan.build.cli.evaluate import describe
        from fpgan.model.config import PRESETS, TrainConfig
        from fpgan.model.device import is_main
        from fpgan.model.run import STATE
        from fpgan.model.state import saved_settings
        from fpgan.model.train import Diverged, train

        if preset is not None and preset not in PRESETS:
            raise ValueError(f"preset {preset}: unknown; known are {', '.join(PRESETS)}")
        if preset is None and config is None:
            chosen = saved_settings(out / STATE).with_settings(settings or [])
            chosen = chosen if steps is None else replace(chosen, steps=steps)
        else:
            chosen = PRESETS[preset] if preset else TrainConfig.from_yaml(config)  # type: ignore[arg-type]
            chosen = chosen.with_settings(settings or [])
            chosen = chosen if steps is None else chosen.with_steps(steps)
        chosen = chosen if bits is None else chosen.with_bits(bits)
        chosen = chosen if seed is None else replace(chosen, seed=seed)
        before = _saved(out / STATE)
        try:
            with bar("train") as progress:
                metrics = train(
                    chosen, out, init=init, resume=resume, baseline=baseline, teacher=teacher,
                    progress=progress if is_main() else None, tensorboard=tensorboard,
                )  # fmt: skip
        except Diverged as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt:
            new = resume or _saved(out / STATE) != before
            go_on = f"to go on: {_to_go_on(out, baseline, tensorboard)}" if new else "nothing is saved yet"
            if is_main():
                typer.echo(f"interrupted; {go_on}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        if not is_main():
            return
        lines = [f"{out}: {metrics['steps']} steps in {metrics['seconds']:.0f} s"]
        if metrics["broken"]:
            names = ", ".join(metrics["broken"][:_NAMED])
            more = ", ..." if len(metrics["broken"]) > _NAMED else ""
            lines.append(f"{len(metrics['broken'])} broken images skipped: {names}{more}")
        show(metrics, json, lines + (describe(metrics["score"]) if metrics["score"] else []))


def _saved(state: Path) -> int | None:
    """When a training was last saved."""
    return state.stat().st_mtime_ns if state.is_file() else None


def _to_go_on(out: Path, baseline: Path | None, tensorboard: bool) -> str:
    """The command that does. What the steps depend on is in RUN; other options have to be given again."""
    words = ["fpgan", "train", "--resume", "--out", str(out)]
    words += [] if baseline is None else ["--baseline", str(baseline)]
    return shlex.join([*words, *(["--tensorboard"] if tensorboard else [])])
