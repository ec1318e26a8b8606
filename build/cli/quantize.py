# SPDX-License-Identifier: Apache-2.0
"""fpgan quantize"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer
import yaml

from fpgan.build.cli.common import BAD_INPUT, FAILED, Json, bar, errors, show


def command(
    source: Annotated[str, typer.Argument(help="FILE.py:NAME of a torch.nn.Module; its code is run.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    weights: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="State dict: .pth, .pt, .safetensors. Left out: as constructed."),
    ] = None,
    bits: Annotated[str, typer.Option(help="W4A4 and the like, 2 to 8.")] = "W4A4",
    latent_bits: Annotated[int, typer.Option(help="Of the input.")] = 8,
    output_bits: Annotated[int, typer.Option(help="Of the image.")] = 8,
    layer: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Bits of one layer, as often as needed: main.0=W8A8."),
    ] = None,
    arg: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Argument of NAME, as often as needed: latent_dim=100."),
    ] = None,
    shape: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--input", help="Shape of one input, where it cannot be told: 1,100,1,1."),
    ] = None,
    latents: Annotated[
        str, typer.Option(help="What inputs are like: normal, uniform, or a .npy file.")
    ] = "normal",
    steps: Annotated[int, typer.Option(help="Fine-tuning against the float module, without data.")] = 0,
    rate: Annotated[float, typer.Option(help="Learning rate of the fine-tuning.")] = 3e-4,
    data: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Real images to score against: digits, fashion, emoji or a folder."),
    ] = None,
    vectors: Annotated[int, typer.Option(help="Golden images from PyTorch.")] = 256,
    seed: Annotated[int, typer.Option(help="Of latents, and of weights that are not given.")] = 0,
    json: Json = False,
) -> None:
    """Quantize a float PyTorch generator; writes the QONNX file that `fpgan build` takes.

    Examples:

    `fpgan quantize dcgan.py:Generator --weights netG.pth --bits W4A4 --steps 500 --out out`, then
    `fpgan build out/model.onnx`

    `fpgan quantize gan.py:Generator --arg latent_dim=64 --layer main.0=W8A8 --data digits --out out`

    `fpgan quantize vocoder.py:Net --input 1,80,32 --latents mels.npy --bits W8A8 --out out`
    """
    with errors():
        from fpgan.build.frontend.inspect import inspect
        from fpgan.model.descent import Diverged
        from fpgan.model.quantize import MODEL, quantize

        try:
            with bar("tracing") as progress:
                result = quantize(
                    source, out, bits, weights, arguments=_settings("--arg", arg), shape=_shape(shape),
                    latents=latents, latent_bits=latent_bits, output_bits=output_bits,
                    layer_bits={k: str(v) for k, v in _settings("--layer", layer).items()}, steps=steps,
                    rate=rate, data=data, vectors=vectors, seed=seed, progress=progress,
                )  # fmt: skip
        except Diverged as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(FAILED) from None
        show(result, json, _lines(result, out / MODEL))
        blocked = inspect(out / MODEL)["blocked"]
        for line in blocked:
            typer.echo(f"blocked: {line}", err=True)
        if blocked:
            raise typer.Exit(BAD_INPUT)


def _settings(option: str, given: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE pairs, values read as YAML."""
    found: dict[str, Any] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValueError(f"{option} {text}: NAME=VALUE is expected")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ValueError(f"{option} {text}: the value cannot be read") from None
    return found


def _shape(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"--input {text}: numbers with commas are expected, as 1,100,1,1")
    return [int(part) for part in parts]


def _lines(result: dict[str, Any], model: Path) -> list[str]:
    """The result for people: a line per layer, then the images."""
    lines = []
    for row in result["layers"]:
        weights = f"W{row['weight_bits']} ({_db(row['weight_sqnr_db'])}) " if "weight_bits" in row else ""
        sign = "" if row["act_signed"] else "u"
        lines.append(
            f"{row['name']:<20} {row['op']:<16} {weights}A{row['act_bits']}{sign} x {row['act_scale']:g}: "
            f"{_db(row['sqnr_db'])}"
        )
    tuned = f"; after {result['steps']} steps {_db(result['sqnr_db'])}" if result["steps"] else ""
    lines.append(
        f"images against the float module's: {_db(result['calibrated']['sqnr_db'])} calibrated{tuned}"
    )
    if result["score"] is not None:
        score = result["score"]
        tuned = f", tuned {score['tuned']}" if "tuned" in score else ""
        lines.append(
            f"{score['name']}: float {score['float']}, calibrated {score['calibrated']}{tuned} "
            f"({score['samples']} images; real against real {score['real_vs_real']})"
        )
    return [*lines, f"{model}: for fpgan build"]


def _db(value: float | None) -> str:
    return "exact" if value is None else f"{value:.1f} dB"
