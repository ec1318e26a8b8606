# SPDX-License-Identifier: Apache-2.0
"""fpgan export"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show
from fpgan.build.cli.options import seed as seed_option
from fpgan.build.cli.options import whole

_RUN = "RUN folder of fpgan train, or the name of a shipped checkpoint."


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_RUN)],
    out: Annotated[Path, typer.Option("--out", help="QONNX file to write.")] = Path("model.onnx"),
    vectors: Annotated[int, whole("Golden images from PyTorch.", 1)] = 256,
    seed: Annotated[int, seed_option("Of their latents.")] = 0,
    json: Json = False,
) -> None:
    """Write a trained generator as QONNX, with images that PyTorch computed beside it.

    Example: `fpgan export runs/mnist32 --out mnist32.onnx`
    """
    given.run(run)
    given.new_file(out)

    from fpgan.hw.system.names import golden_path
    from fpgan.model.export import export

    path = export(run, out, vectors, seed)
    golden = golden_path(path)
    result = {"model": str(path), "golden": str(golden), "vectors": vectors, "seed": seed}
    show(result, json, [f"{path} and {golden.name} ({vectors} images)"])
