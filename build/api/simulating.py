# SPDX-License-Identifier: Apache-2.0
"""Simulation with what it may need of other rooms: netlists, a classifier, truth of layers, vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth.yosys import netlists
from fpgan.sim import simulate as simulation
from fpgan.sim.walk import Walk


def simulate(
    build: Path,
    images: int | None,
    seed: int,
    stall: float,
    waves: bool,
    reset_first: bool,
    label: int | Sequence[int] | None,
    threads: int,
    layers: bool,
    netlist: bool,
    walk: Walk | None,
    progress: Callable[[str], None] | None,
    weights: Path | None = None,
) -> dict[str, Any]:
    """`fpgan.sim.simulate.simulate` with layers and netlist as yes or no; returns what sim.json says."""
    return simulation.simulate(
        build, images, seed, stall, waves, reset_first, progress, netlists if netlist else None, label,
        threads, _classify, _layer_truth if layers else None, _exact, walk, weights,
    )  # fmt: skip


def walk_of(latents: int | None, truncation: float | None) -> Walk | None:
    """The walk that is asked for. ValueError for a truncation without one."""
    if latents is None:
        if truncation is not None:
            raise ValueError(f"truncation={truncation}: goes with a walk")
        return None
    return Walk(latents, 1.0 if truncation is None else truncation)


def _classify(kind: str, images: Any) -> Any:
    """The classifier that ships; only a design with classes needs it, and all of PyTorch with it."""
    from fpgan.model.features import classify

    return classify(kind, images)


def _layer_truth(design: Any) -> Any:
    """Only a comparison of layers needs FINN's ops."""
    from fpgan.build.proof.layer_truth import layer_truth

    return layer_truth(design)


def _exact(design: Any, latent: Any) -> Any:
    """Only latents without a golden image need it: more than a foreign file's build has, and a walk's."""
    from fpgan.build.proof.numpy_images import numpy_images

    return numpy_images(design, latent)
