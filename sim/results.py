# SPDX-License-Identifier: Apache-2.0
"""What a simulation leaves beside its JSON: images to look at, and arrays to work with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_beside, write_json
from fpgan.sim.sim_file import Sim
from fpgan.sim.vectors import Vectors


def save_result(
    stem: Path, result: dict[str, Any], vectors: Vectors, output: NDArray[np.int64], source: str
) -> None:
    """Write STEM.png, STEM.npz and, when they are there, STEM.json. output: images (N,H,W,C) of `source`."""
    from fpgan.sim.pictures import save_comparison

    image = output.transpose(0, 3, 1, 2)
    save_comparison(
        stem.with_suffix(".png"), vectors.image.transpose(0, 2, 3, 1), output, source, vectors.label
    )
    arrays = {"latent": vectors.latent, "expected": vectors.image, "image": image}
    if vectors.label is not None:
        arrays["label"] = vectors.label
    small = {name: array.astype(_smallest(array)) for name, array in arrays.items()}
    write_beside(stem.with_suffix(".npz"), lambda beside: np.savez_compressed(beside, **small))
    write_json(stem.with_suffix(".json"), as_written(Sim, result))


def _smallest(array: NDArray[np.int64]) -> np.dtype[Any]:
    """The smallest type that holds all its integers."""
    ends = int(array.min(initial=0)), int(array.max(initial=0))
    return np.result_type(*(np.min_scalar_type(end) for end in ends))
