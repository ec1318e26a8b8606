# SPDX-License-Identifier: Apache-2.0
"""Images beside each other: what PyTorch computed, what the hardware gave, where they differ."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.files import write_beside

_SHOWN, _LABELS_SHOWN = 8, 10
_WALK_PIXELS, _WALK_MS = 128, 80  # smaller side of a frame, and how long it is seen


def save_comparison(
    path: Path,
    golden: NDArray[np.int64],
    output: NDArray[np.int64],
    source: str = "RTL",
    labels: NDArray[np.int64] | None = None,
    truth: str = "PyTorch",
) -> None:
    """Draw up to 8 images in rows `truth`, `source`, difference, or 10 under their labels (N).

    golden, output: (N,H,W,C) integers. Where images differ they come first, under their numbers. Of
    other than 1 or 3 channels, these are drawn in a grid: features of one pixel are a square, of a row, rows.
    """
    said = f"{(golden != output).sum():,} of {golden.size:,} values differ on {len(golden):,} images"
    fill = int(golden.min())
    golden, output = _as_images(golden, fill), _as_images(output, fill)
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    wrong = golden != output
    differ = wrong.any(axis=(1, 2, 3))
    order = np.argsort(~differ, kind="stable")[: _SHOWN if labels is None else _LABELS_SHOWN]
    shown = len(order)
    low, high = int(golden.min()), max(int(golden.max()), int(golden.min()) + 1)
    rows = [
        (truth, (golden[order] - low) / (high - low)),
        (source, (output[order] - low) / (high - low)),
        ("difference", wrong[order].any(axis=3, keepdims=True).astype(float)),
    ]
    width = max(1.5 * shown + 0.8, 4.0)  # room for the title above a single image
    figure, axes = plt.subplots(3, shown, figsize=(width, 4.8), squeeze=False)
    for axis_row, (name, pictures) in zip(axes, rows, strict=True):
        for axis, picture in zip(axis_row, pictures, strict=False):
            grey = picture.shape[-1] < 3
            shown_as = np.clip(picture[..., 0] if grey else picture[..., :3], 0, 1)
            axis.imshow(shown_as, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
        axis_row[0].set_ylabel(name)
    for axis, image in zip(axes[0], order.tolist(), strict=True):
        above = ([f"image {image}"] if differ.any() else []) + (
            [] if labels is None else [f"label {labels[image]}"]
        )
        axis.set_title(", ".join(above), fontsize=10 if len(above) < 2 else 7)
    figure.suptitle(said, x=0.01, ha="left", fontsize=11)  # where a narrow page that scrolls shows it
    figure.tight_layout()
    write_beside(path, lambda beside: figure.savefig(beside, dpi=110))
    plt.close(figure)


def save_walk(path: Path, output: NDArray[np.int64]) -> None:
    """Draw images (N,H,W,C) one after the other, for ever, enlarged to 128 pixels or more: a GIF."""
    from PIL import Image

    images = _as_images(output, int(output.min()))
    low, high = int(images.min()), max(int(images.max()), int(images.min()) + 1)
    values = ((images - low) * 255 // (high - low)).astype(np.uint8)
    scale = -(-_WALK_PIXELS // min(values.shape[1:3]))
    large = values.repeat(scale, 1).repeat(scale, 2)
    frames = [Image.fromarray(one[..., 0] if one.shape[-1] == 1 else one) for one in large]
    first, *rest = frames
    write_beside(
        path,
        lambda beside: first.save(
            beside, format="GIF", save_all=True, append_images=rest, duration=_WALK_MS, loop=0
        ),
    )


def _as_images(values: NDArray[np.int64], fill: int) -> NDArray[np.int64]:
    """Images of 1 or 3 channels as they are; others (N,H,W,C) as one with their channels in a grid."""
    count, rows, cols, channels = values.shape
    if channels == 1 or (channels == 3 and min(rows, cols) > 1):
        return values
    across = 1 if rows == 1 and cols > 1 else math.ceil(math.sqrt(channels))
    down = -(-channels // across)
    grid = np.full((count, rows, cols, down * across), fill)
    grid[..., :channels] = values
    grid = grid.reshape(count, rows, cols, down, across).transpose(0, 3, 1, 4, 2)
    return grid.reshape(count, down * rows, across * cols, 1)
