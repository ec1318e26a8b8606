# SPDX-License-Identifier: Apache-2.0
"""fpgan inspect"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.arguments import check_model
from fpgan.build.cli.common import BAD_INPUT, Json, show
from fpgan.build.cli.options import quantizer


def command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Quantized ONNX file: QONNX or QCDQ.")],
    input: Annotated[str | None, quantizer("Input")] = None,
    output: Annotated[str | None, quantizer("Output")] = None,
    json: Json = False,
) -> None:
    """Show how an ONNX file is read: layers, geometry, bits, scales, and what blocks it.

    Examples:

    `fpgan inspect generator.onnx`: the layer table

    `fpgan inspect generator.onnx --json`: the same for programs

    Exit code 2 where `fpgan build` would refuse the file.
    """
    check_model(model)

    from fpgan.build.cli.layer_table import print_layers
    from fpgan.build.dataflow.inspect import inspect

    result = inspect(model, input, output)
    if not json:
        print_layers(result)
    blocked = f"{model}: fpgan build refuses it for what is named as blocked" if result["blocked"] else ""
    show(result, json, [], blocked, BAD_INPUT)
