# SPDX-License-Identifier: Apache-2.0
"""fpgan weights"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.arguments import check_model
from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import quantizer


def command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Quantized ONNX file of the same shape.")],
    like: Annotated[Path, typer.Option(help="BUILD with --weight-storage loaded or auto.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("weights.bin"),
    input: Annotated[str | None, quantizer("Input")] = None,
    output: Annotated[str | None, quantizer("Output")] = None,
    json: Json = False,
) -> None:
    """Write the weights of another training for hardware that is there.

    Examples:

    `fpgan weights retrained.onnx --like build --out retrained.bin`: proved as in a build

    `fpgan sim build --weights retrained.bin`: the same hardware, the other network's images
    """
    check_model(model)
    given.build(like)
    given.new_file(out)

    from fpgan.build.new_weights import weights

    with steps("weights") as progress:
        made = weights(model, like, out, progress, input, output)
    proof = made["threshold_proof"]
    lines = [
        f"{out}: {made['bytes']:,} bytes for {len(made['memories'])} memories",
        f"thresholds equal the float function on {proof['values']:,} accumulator values",
    ]
    show(made, json, lines)
