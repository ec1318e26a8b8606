# SPDX-License-Identifier: Apache-2.0
"""Generated images beside the most similar ones that were learnt from, by which copying is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from fpgan.hw.system.files import make_folder, write_beside
from fpgan.model.data import Images
from fpgan.model.distances import nearest
from fpgan.model.drawing import Drawing, generate
from fpgan.model.features import measure
from fpgan.model.pictures import grid

_MADE, _BESIDE = 16, 3
_COLUMNS = 2 * (1 + _BESIDE)
_MOST = 20_000  # real images that are looked at
_BATCH = 250


def neighbours(generator: Drawing, images: Images, out: Path, seed: int = 0) -> np.ndarray:
    """Draw 16 generated images into a PNG file, behind each the three real ones of the nearest features.

    images: what was learnt from. Returns the indices of those three (16,3).
    """
    kind = images.name if images.name in ("digits", "fashion") else "colour"
    made, _ = generate(generator, _MADE, torch.Generator().manual_seed(seed))
    looked_at = np.random.default_rng(seed).permutation(len(images))[:_MOST]
    index, _ = nearest(measure(kind, made)[0], _features(images, kind, looked_at), _BESIDE)
    found = looked_at[index]
    beside = images.__getitems__(found.flatten().tolist()).images.unflatten(0, found.shape)
    rows = torch.cat([made[:, None], beside.to(made)], 1).flatten(0, 1)
    make_folder(out.parent)
    write_beside(out, lambda path: grid(rows, _COLUMNS).save(path, "PNG"))
    return found


def _features(images: Images, kind: str, indices: np.ndarray) -> np.ndarray:
    parts = np.array_split(indices, -(-len(indices) // _BATCH))
    return np.concatenate([measure(kind, images.__getitems__(p.tolist()).images)[0] for p in parts])
