# SPDX-License-Identifier: Apache-2.0
"""Latents and the images that a design must reproduce."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from fpgan.build.passes.read_qonnx import quant_layers
from fpgan.sim.vectors import Vectors

_OWN_VECTORS = 16
_CHECKED = 2


def golden_vectors(path: Path, model: ModelWrapper) -> tuple[Vectors, str]:
    """What PyTorch computed (FILE.golden.npz beside FILE.onnx), else qonnx on random latents.

    Returns the vectors and who computed them: "pytorch" or "qonnx".
    """
    source, layers = quant_layers(model)
    file = path.with_suffix(".golden.npz")
    if file.exists():
        try:
            found = Vectors.load(file)
        except (OSError, KeyError, ValueError):
            raise ValueError(f"{file}: broken golden vectors; export again or remove the file") from None
        scales = {"latent_scale": source.scale, "image_scale": layers[-1].target.scale}
        return replace(found, **scales), "pytorch"
    shape = model.get_tensor_shape(model.graph.input[0].name)
    rng = np.random.default_rng(0)
    latent = rng.integers(source.low, source.high + 1, (_OWN_VECTORS, *shape[1:]))
    scale = layers[-1].target.scale
    name_in, name_out = model.graph.input[0].name, model.graph.output[0].name
    images = [
        execute_onnx(model, {name_in: (z[None] * source.scale).astype(np.float32)})[name_out] for z in latent
    ]
    image = np.rint(np.concatenate(images) / scale).astype(np.int64)
    return Vectors(latent, image, source.scale, scale), "qonnx"


def check_dataflow(model: ModelWrapper, vectors: Vectors) -> dict[str, Any]:
    """Execute the dataflow graph on the first vectors; images and mismatching values."""
    wrong = 0
    for latent, image in zip(vectors.latent[:_CHECKED], vectors.image[:_CHECKED], strict=True):
        wrong += int((run_dataflow(model, latent) != image).sum())
    return {"images": min(_CHECKED, len(vectors.latent)), "mismatches": wrong}


def run_dataflow(model: ModelWrapper, latent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Execute a dataflow graph in qonnx: latent (Z,H,W) -> image (C,H,W), integers."""
    x = latent.transpose(1, 2, 0)[None].astype(np.float32)
    y = execute_onnx(model, {model.graph.input[0].name: x})[model.graph.output[0].name]
    return np.rint(y[0]).astype(np.int64).transpose(2, 0, 1)
