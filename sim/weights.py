# SPDX-License-Identifier: Apache-2.0
"""Which weights a simulation loads, and the golden vectors of the network that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpgan.hw.design import STREAMED, WEIGHTS, Design
from fpgan.hw.driver.weights import refused
from fpgan.sim.vectors import Vectors


@dataclass(frozen=True)
class Chosen:
    """file: to load, None where the design has its weights. golden: None where they are the design's own."""

    file: Path | None = None
    golden: Vectors | None = None


def golden_beside(weights: Path) -> Path:
    """Where the golden vectors of a file of weights are: NAME.golden.npz beside NAME.bin."""
    return weights.with_suffix(".golden.npz")


def chosen_weights(design: Design, weights: Path | None, of_build: bool) -> Chosen:
    """of_build: something is asked for that the BUILD knows of its own weights alone. ValueError."""
    if not design.weights:
        if weights is not None:
            raise ValueError(
                f"{design.root}: has its weights in the bitstream; build it with weight_storage=loaded"
            )
        return Chosen()
    own = design.root / WEIGHTS
    file = Path(weights or own)
    if not file.is_file():
        raise ValueError(
            f"{file}: {'is no file' if file.exists() else 'no such file'}; fpgan weights writes one"
        )
    content = file.read_bytes()
    if why := refused(content, design.weights.identity, design.weights.sizes):
        raise ValueError(f"{file}: {why}; write it again with fpgan weights --like {design.root.name}")
    if weights is None or (own.is_file() and own.read_bytes() == content):
        return Chosen(file.resolve())
    if of_build:
        raise ValueError(f"{file}: layers and walks are compared with the BUILD's own weights alone")
    path = golden_beside(file)
    if not path.is_file():
        raise ValueError(f"{path}: no golden vectors of these weights here; fpgan weights writes them beside")
    golden = Vectors.load(path)
    shapes = [design.input.shape, design.output.shape]
    found = [(1, *array.transpose(0, 2, 3, 1).shape[1:]) for array in (golden.latent, golden.image)]
    if shapes != found:
        raise ValueError(f"{path}: holds vectors of another design; write it again with fpgan weights")
    return Chosen(file.resolve(), golden)


def check_streamed(design: Design, layers: bool) -> None:
    """ValueError where the weights that a design reads from memory are not in its BUILD, or not its own.

    layers: what every layer puts out is to be compared.
    """
    if not design.streams:
        return
    file = design.root / STREAMED
    if layers:
        raise ValueError(
            f"{design.root}: weights are streamed, so that layers put out tiles of batches, which nothing is "
            "compared with; leave --layers out"
        )
    if not file.is_file():
        raise ValueError(f"{file}: no such file; run fpgan build again")
    if why := refused(file.read_bytes(), design.streams.identity, design.streams.sizes):
        raise ValueError(f"{file}: {why}; run fpgan build again")
