# SPDX-License-Identifier: Apache-2.0
"""Grids of generated images."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

_GREY = 96
_ENLARGED = 64


def grid(images: Tensor, columns: int = 8) -> Image.Image:
    """One picture of images (N,C,S,S) in [-1, 1], `columns` side by side, enlarged to about 64 pixels each.

    One or three channels are shown as grey or colour; of any other number the first one as grey.
    """
    shown = images if images.shape[1] in (1, 3) else images[:, :1]
    values = ((shown.clamp(-1, 1) + 1) * 127.5).round().byte().numpy().transpose(0, 2, 3, 1)
    n, h, w, c = values.shape
    rows = -(-n // columns)
    canvas = np.full((rows * (h + 1) + 1, columns * (w + 1) + 1, c), _GREY, np.uint8)
    for i, picture in enumerate(values):
        y, x = divmod(i, columns)
        canvas[y * (h + 1) + 1 : (y + 1) * (h + 1), x * (w + 1) + 1 : (x + 1) * (w + 1)] = picture
    scale = max(1, _ENLARGED // h)
    canvas = canvas.repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray(canvas[..., 0] if c == 1 else canvas)
