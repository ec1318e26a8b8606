# SPDX-License-Identifier: Apache-2.0
"""Image files to train on, and all images of a data set at once."""

from __future__ import annotations

import numpy as np
from PIL import Image


def picture(path, colour=None, size=(30, 20)):
    """Write noise, another one for each length of the name, or one colour."""
    rng = np.random.default_rng(len(path.name))
    pixels = rng.integers(0, 256, (*size[::-1], 3), np.uint8)
    if colour is not None:
        pixels[:] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def all_of(images):
    """The batch of all."""
    return images.__getitems__(range(len(images)))
