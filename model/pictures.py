# SPDX-License-Identifier: Apache-2.0
"""Grids of generated images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor


def save_samples(path: Path, images: Tensor, columns: int = 8) -> None:
    """Write images (N,C,S,S) in [-1, 1] as one PNG, `columns` side by side, enlarged to about 64 pixels each."""
    from PIL import Image

    values = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().numpy().transpose(0, 2, 3, 1)
    n, h, w, c = values.shape
    rows = -(-n // columns)
    grid = np.full((rows * (h + 1) + 1, columns * (w + 1) + 1, c), 96, np.uint8)
    for i, picture in enumerate(values):
        y, x = divmod(i, columns)
        grid[y * (h + 1) + 1 : (y + 1) * (h + 1), x * (w + 1) + 1 : (x + 1) * (w + 1)] = picture
    scale = max(1, 64 // h)
    grid = grid.repeat(scale, 0).repeat(scale, 1)
    temporary = path.with_name(f".{path.name}.tmp.png")
    Image.fromarray(grid[..., 0] if c == 1 else grid).save(temporary)
    temporary.rename(path)
