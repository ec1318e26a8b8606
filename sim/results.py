# SPDX-License-Identifier: Apache-2.0
"""What a simulation leaves beside its JSON: images to look at, and arrays to work with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_together
from fpgan.sim.sim_file import Sim
from fpgan.sim.vectors import Vectors


def save_result(
    stem: Path, result: dict[str, Any], vectors: Vectors, output: NDArray[np.int64], source: str
) -> None:
    """Write STEM.png, STEM.npz and STEM.json, of one simulation. output: images (N,H,W,C) of `source`.

    Of a walk also walk.gif, its images one after the other.
    """
    from fpgan.sim.pictures import save_comparison, save_walk

    image = output.transpose(0, 3, 1, 2)
    golden = vectors.image.transpose(0, 2, 3, 1)
    arrays = {"latent": vectors.latent, "expected": vectors.image, "image": image}
    if vectors.label is not None:
        arrays["label"] = vectors.label
    small: dict[str, Any] = {name: array.astype(_smallest(array)) for name, array in arrays.items()}
    text = json.dumps(as_written(Sim, result), indent=2) + "\n"
    moving = (
        {stem.with_name(result["walk"]["file"]): lambda p: save_walk(p, output)} if "walk" in result else {}
    )
    truth = "PyTorch" if result["golden"] == "pytorch" else "exact"
    if result.get("numpy_images") == result["images"]:
        truth = "numpy"
    write_together(moving | {
        stem.with_suffix(".png"): lambda p: save_comparison(p, golden, output, source, vectors.label, truth),
        stem.with_suffix(".npz"): lambda p: np.savez_compressed(p, **small),
        stem.with_suffix(".json"): lambda p: p.write_text(text, encoding="utf-8"),
    })  # fmt: skip


def _smallest(array: NDArray[np.int64]) -> np.dtype[Any]:
    """The smallest type that holds all its integers."""
    ends = int(array.min(initial=0)), int(array.max(initial=0))
    return np.result_type(*(np.min_scalar_type(end) for end in ends))
