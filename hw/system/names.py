# SPDX-License-Identifier: Apache-2.0
"""Where files lie beside one another."""

from __future__ import annotations

from pathlib import Path


def golden_path(model: Path | str) -> Path:
    """The golden vectors of a model: NAME.golden.npz beside NAME.onnx; of any other file its whole name's."""
    path = Path(model)
    return path.with_name(f"{path.name.removesuffix('.onnx')}.golden.npz")
