# SPDX-License-Identifier: Apache-2.0
"""fpgan quantize"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from fpgan.build.cli import given
from fpgan.build.cli.common import BAD_INPUT, Failed, Json, bar, show
from fpgan.build.cli.options import real, suggested, whole
from fpgan.build.cli.options import seed as seed_option
from fpgan.model.generator_config import integer_bits

_DATA = ("digits", "fashion", "emoji", "clipart")


def command(
    source: Annotated[
        str, typer.Argument(metavar="FILE.py:NAME", help="Of a torch.nn.Module; its code is run.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="State dict: .pth, .pt, .safetensors.", show_default="as constructed"),
    ] = None,
    bits: Annotated[str, typer.Option(metavar="W4A4", help="Of weights and activations, 2 to 8.")] = "W4A4",
    latent_bits: Annotated[int, whole("Of the input.", 2, 8)] = 8,
    output_bits: Annotated[int, whole("Of the image.", 2, 8)] = 8,
    layer: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=W4A4", help="Bits of one layer, as often as needed: main.0=W8A8."),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Argument of NAME, as often as needed: latent_dim=100."),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="INT,...", help="Shape of one input, where it cannot be told: 1,100,1,1."
        ),
    ] = None,
    latents: Annotated[
        str, suggested("What inputs are like, or a .npy file of them.", ("normal", "uniform"), "FILE.npy")
    ] = "normal",
    steps: Annotated[int, whole("Fine-tuning against the float module, without data.", 0)] = 0,
    rate: Annotated[float, real("Learning rate of the fine-tuning.", 0, 1, "()")] = 3e-4,
    data: Annotated[
        str | None,
        suggested("Real images to score against.", _DATA, "FOLDER"),
    ] = None,
    vectors: Annotated[int, whole("Golden images from PyTorch.", 1)] = 256,
    seed: Annotated[int, seed_option("Of latents, and of weights that are not given.")] = 0,
    json: Json = False,
) -> None:
    """Quantize a float PyTorch generator; writes the QONNX file that `fpgan build` takes.

    Examples:

    `fpgan quantize dcgan.py:Generator --weights netG.pth --bits W4A4 --steps 500 --out out`, then
    `fpgan build out/model.onnx`

    `fpgan quantize gan.py:Generator --arg latent_dim=64 --layer main.0=W8A8 --data digits --out out`

    `fpgan quantize vocoder.py:Net --input 1,80,32 --latents mels.npy --bits W8A8 --out out`
    """
    _check_files(source, out, weights, latents, data)
    layer_bits = {name: str(value) for name, value in _settings("--layer", layer).items()}
    for text in (bits, *layer_bits.values()):
        integer_bits(text)
    arguments, sizes = _settings("--arg", arg), _shape(shape)

    from fpgan.build.dataflow.inspect import inspect
    from fpgan.model.descent import Diverged
    from fpgan.model.quantize import MODEL, quantize

    try:
        with bar("tracing") as progress:
            result = quantize(
                source, out, bits, weights, arguments=arguments, shape=sizes, latents=latents,
                latent_bits=latent_bits, output_bits=output_bits, layer_bits=layer_bits, steps=steps,
                rate=rate, data=data, vectors=vectors, seed=seed, progress=progress,
            )  # fmt: skip
    except Diverged as error:
        raise Failed(str(error)) from None
    blocked = inspect(out / MODEL)["blocked"]
    said = f"{out / MODEL}: blocked: {'; '.join(blocked)}" if blocked else ""
    show(result, json, _lines(result, out / MODEL), said, BAD_INPUT)


def _check_files(source: str, out: Path, weights: Path | None, latents: str, data: str | None) -> None:
    """ValueError names the first that is not there, or the folder that cannot be written."""
    file, colon, name = source.rpartition(":")
    if not colon or not name.isidentifier():
        raise ValueError(f"{source}: FILE.py:NAME is expected, as generator.py:Generator")
    given.file(Path(file))
    given.weights(weights)
    if latents not in ("normal", "uniform"):
        given.file(Path(latents), "latents")
    if data is not None and data.partition(":")[0] not in _DATA and not Path(data).is_dir():
        raise ValueError(f"data {data}: {', '.join(_DATA)} or a folder of images is expected")
    given.to_write(out)


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
