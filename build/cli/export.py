# SPDX-License-Identifier: Apache-2.0
"""fpgan export"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli.common import errors


def command(
    run: Annotated[
        Path, typer.Argument(help="RUN folder of fpgan train, or the name of a shipped checkpoint.")
    ],
    out: Annotated[Path, typer.Option("--out", help="QONNX file to write.")] = Path("model.onnx"),
    vectors: Annotated[int, typer.Option(help="Golden images from PyTorch.")] = 256,
    seed: Annotated[int, typer.Option(help="Seed of their latents.")] = 0,
) -> None:
    """Write a trained generator as QONNX, with images that PyTorch computed beside it.

    Example: `fpgan export runs/mnist32 --out mnist32.onnx`
    """
    with errors():
        from fpgan.hw.system.names import golden_path
        from fpgan.model.export import export

        path = export(run, out, vectors, seed)
        typer.echo(f"{path} and {golden_path(path).name} ({vectors} images)")
