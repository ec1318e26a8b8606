# SPDX-License-Identifier: Apache-2.0
"""Latents and the images that a design must reproduce."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from fpgan.build.frontend.network import Network
from fpgan.hw.system.names import golden_path
from fpgan.hw.system.tools import CheckError
from fpgan.sim.vectors import Vectors

REPORT_IT = "this is a fault of fpgan: report it, with the model"
_OWN_VECTORS = 16
_CHECKED = 2
_BATCH = 16  # also of a file's images that are compared with the network
_AT_ONCE = 1 << 22  # values of one layer, of all images of a batch: a batch of large images is smaller
_MOST = 0.5  # of the values, in which rounding may make float32 differ from exact sums


@dataclass(frozen=True)
class Golden:
    """The vectors, who computed them, and how often plain float32 gives another integer."""

    vectors: Vectors
    source: str  # "pytorch": its own images, float32 being exact; "exact": integer sums, one scale each
    float32: dict[str, Any]


def golden_vectors(path: Path, network: Network) -> Golden:
    """What a design made from FILE.onnx must put out.

    PyTorch's images (`golden_path`) where float32 computes the network exactly: every scale a power of two,
    sums below 2^24. Else, or where there is no such file, the same network with exact integer sums. `float32`
    counts the values in which float32 PyTorch (the file's, or the network computed so) differs from that.
    ValueError for a file that is broken, CheckError for one that another network has made.
    """
    file = golden_path(path)
    scales: dict[str, Any] = {"latent_scale": network.source.scale, "image_scale": network.target.scale}
    found = _read(file, network) if file.exists() else None
    if found is not None and network.power_of_two:
        _check_same(file, found.image[:_BATCH], run_network(network, found.latent[:_BATCH], exact=True), 0)
        return Golden(replace(found, **scales), "pytorch", _difference(found.image, found.image))
    latent = found.latent if found is not None else _latents(network)
    exact = run_network(network, latent, exact=True)
    rounded = found.image if found is not None else run_network(network, latent, exact=False)
    if found is not None:
        _check_same(file, rounded, exact, _MOST)
    vectors = Vectors(latent, exact, **scales) if found is None else replace(found, image=exact, **scales)
    return Golden(vectors, "exact", _difference(exact, rounded))


def run_network(network: Network, latent: NDArray[np.int64], exact: bool) -> NDArray[np.int64]:
    """PyTorch's images (N,C,H,W) of latents (N,Z,H,W), integers.

    exact: sums are integers (in float64) and meet one scale; else float32 all along, as a framework runs it.
    """
    batch = _batch(network)
    with torch.no_grad():
        parts = []
        for start in range(0, len(latent), batch):
            x = torch.from_numpy(latent[start : start + batch].astype(np.float32))
            parts.append(network.run(x, exact).numpy())
    return np.rint(np.concatenate(parts)).astype(np.int64)


def _batch(network: Network) -> int:
    """Images that are computed at once: _BATCH, or as few as memory asks for."""
    largest = max(math.prod(dims) for dims in (network.dims, *(layer.dims for layer in network.layers)))
    return min(_BATCH, max(1, _AT_ONCE // largest))


def _difference(exact: NDArray[np.int64], rounded: NDArray[np.int64]) -> dict[str, Any]:
    wrong = int((exact != rounded).sum())
    return {"values": int(exact.size), "differ": wrong, "rate": wrong / max(1, exact.size)}


def _check_same(file: Path, images: NDArray[np.int64], network: NDArray[np.int64], most: float) -> None:
    """CheckError where a file's images differ from the network's in more than a share of their values."""
    found = _difference(network, images)
    if found["rate"] > most:
        raise CheckError(
            f"{file}: its images differ from the network's in {found['differ']:,} of {found['values']:,} "
            "values, so it is of another network or an earlier export; export again, or remove the file"
        )


def _latents(network: Network) -> NDArray[np.int64]:
    rng = np.random.default_rng(0)
    return rng.choice(network.source.values, (_OWN_VECTORS, *network.dims))


def _read(file: Path, network: Network) -> Vectors:
    found = Vectors.load(file, "export again or remove the file")
    latent, image = found.latent, found.image
    shapes = (network.dims, network.layers[-1].dims)
    if (latent.shape[1:], image.shape[1:]) != shapes or not len(latent):
        raise ValueError(
            f"{file}: shapes {latent.shape} and {image.shape}, the network has {shapes[0]} and {shapes[1]}; "
            "export again or remove the file"
        )
    low, high = int(network.source.values.min()), int(network.source.values.max())
    if latent.min() < low or latent.max() > high:
        raise ValueError(
            f"{file}: latents from {latent.min()} to {latent.max()}, the network takes {low} to {high}; "
            "export again or remove the file"
        )
    return found


def check_dataflow(model: ModelWrapper, vectors: Vectors) -> dict[str, Any]:
    """Execute the dataflow graph on the first vectors; images and mismatches, of which there are none.

    CheckError where there are some: the vectors are the network's, so it is the graph that is wrong.
    """
    wrong = 0
    for latent, image in zip(vectors.latent[:_CHECKED], vectors.image[:_CHECKED], strict=True):
        wrong += int((run_dataflow(model, latent) != image).sum())
    if wrong:
        raise CheckError(f"the dataflow graph differs from the network in {wrong:,} values; {REPORT_IT}")
    return {"images": min(_CHECKED, len(vectors.latent)), "mismatches": wrong}


def run_dataflow(model: ModelWrapper, latent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Execute a dataflow graph in qonnx: latent (Z,H,W) -> image (C,H,W), integers."""
    x = latent.transpose(1, 2, 0)[None].astype(np.float32)
    y = execute_onnx(model, {model.graph.input[0].name: x})[model.graph.output[0].name]
    return np.rint(y[0]).astype(np.int64).transpose(2, 0, 1)
