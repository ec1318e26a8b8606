# SPDX-License-Identifier: Apache-2.0
"""Training images by index: sets held in memory as bytes, folders read while training, any torch Dataset."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import Dataset

from fpgan.hw.system.text import brief, first_line
from fpgan.model.clipart import clipart
from fpgan.model.config import GIVEN, split_dataset
from fpgan.model.sources import emoji, fashion, mnist, open_image

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}
_LONGEST_NAME = 255
_GREY = (0.299, 0.587, 0.114)


class Batch(NamedTuple):
    """images (N,C,S,S) in [-1, 1]; labels (N) or None; broken: files that others stand in for."""

    images: Tensor
    labels: Tensor | None
    broken: list[str]


class Images(Dataset[Any]):
    """Images of one shape, in [-1, 1], by index.

    name: what they are, `digits`, `fashion`, `emoji`, `clipart` or `images`. labels: how many there are, 0
    for none; names: of the labels, where they have some. held_out: others of the kind, which no training
    sees. slow: reading is worth doing in other processes. broken: files that this process could not read.
    """

    name = "images"
    labels = 0
    names: tuple[str, ...] = ()
    held_out: Images | None = None
    slow = False
    broken: Set[str] = frozenset()
    _label: Tensor | None = None

    def label_counts(self) -> list[int]:
        """How many images have each label."""
        counts = torch.zeros(0) if self._label is None else self._label.bincount(minlength=self.labels)
        return [int(count) for count in counts]

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The images at indices, as one batch."""
        raise NotImplementedError


class Held(Images):
    """Bytes in memory, made to fit batch by batch."""

    def __init__(self, name: str, pixels: Tensor, labels: Tensor | None, channels: int, size: int) -> None:
        """pixels: (N,C,H,H) uint8 with C 1 or 3; labels: (N) int64."""
        self.name, self._pixels, self._label = name, pixels, labels
        self.labels = 0 if labels is None else int(labels.max()) + 1
        self._channels, self._size = channels, size

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        chosen = torch.as_tensor(indices)
        images = fit(self._pixels[chosen].float() / 127.5 - 1, self._size)
        labels = None if self._label is None else self._label[chosen]
        return Batch(with_channels(images, self._channels), labels, [])


class Folder(Images):
    """Image files below a folder, read anew each time; the label is the number of the first folder below it.

    A file that cannot be read is replaced by the next one that can, so that the order of the others does not
    depend on when it is found to be broken.
    """

    slow = True

    def __init__(self, folder: Path, channels: int, size: int) -> None:
        """ValueError if folder holds no readable image."""
        if not folder.is_dir():
            raise ValueError(
                f"dataset {folder}: no folder, nor one of digits, fashion, emoji, clipart (the latter three "
                "also fashion:FOLDER, emoji:FONT, clipart:FOLDER)"
            )
        self._root, self._channels, self._size = folder, channels, size
        self.broken: set[str] = set()
        self._files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        if not self._files:
            kinds = ", ".join(sorted(_SUFFIXES))
            raise ValueError(f"dataset {folder}: no image in it (looked for {kinds})")
        names = [p.relative_to(folder).parts[0] for p in self._files]
        known = sorted({n for n, p in zip(names, self._files, strict=True) if p.parent != folder})
        self._label: Tensor = torch.tensor([known.index(n) if n in known else -1 for n in names])
        self.labels = len(known) if int(self._label.min()) >= 0 else 0
        self.names = tuple(brief(n, _LONGEST_NAME) for n in known) if self.labels else ()
        self[0]  # at least one must be readable

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, int, list[str]]:
        """Image, its file's index, and the names of the broken files passed over to get there."""
        broken: list[str] = []
        reason = ""
        for tried in range(len(self._files)):
            chosen = (index + tried) % len(self._files)
            path = self._files[chosen]
            try:
                return _to_tensor(_read(path, self._channels, self._size)), chosen, broken
            except Exception as error:  # decoders of damaged files raise nearly anything
                reason = reason or first_line(error)
                broken.append(brief(path.relative_to(self._root), _LONGEST_NAME))
                self.broken.add(broken[-1])
        raise ValueError(
            f"dataset {self._root}: none of its {len(broken)} images can be read; the first: {reason}"
        )

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        images, chosen, broken = zip(*(self[i] for i in indices), strict=True)
        labels = self._label[list(chosen)] if self.labels else None
        return Batch(torch.stack(images), labels, sorted({name for names in broken for name in names}))


class Wrapped(Images):
    """Any torch Dataset of images or pairs of image and label.

    An image is a PIL image, uint8 (H,W) or (H,W,C), or float (C,H,W) in [-1, 1].
    """

    slow = True

    def __init__(self, dataset: Dataset[Any], channels: int, size: int, labels: int = 0) -> None:
        """labels: how many labels there are; 0 ignores them. ValueError if it is empty."""
        self._dataset, self._channels, self._size, self.labels = dataset, channels, size, labels
        if not len(self):
            raise ValueError("dataset: has no images")

    def __len__(self) -> int:
        return len(self._dataset)  # type: ignore[arg-type]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        items = [self._dataset[i] for i in indices]
        pairs = [item if isinstance(item, tuple | list) else (item, 0) for item in items]
        images = torch.cat([self._image(pair[0]) for pair in pairs])
        labels = torch.tensor([int(pair[1]) for pair in pairs]) if self.labels else None
        return Batch(images, labels, [])

    def _image(self, image: Any) -> Tensor:
        """One image (1,C,S,S) in [-1, 1]."""
        if isinstance(image, Tensor) and image.is_floating_point():
            return with_channels(fit(image[None], self._size), self._channels)
        if not isinstance(image, Image.Image):
            image = Image.fromarray(np.asarray(image, np.uint8))
        return _to_tensor(_fitted(image, self._channels, self._size))[None]


def open_images(dataset: str | Dataset[Any], channels: int, size: int, classes: int = 0) -> Images:
    """Training images: `digits`, `fashion[:FOLDER]`, `emoji[:FONT]`, `clipart[:FOLDER]`, a folder, a Dataset.

    ValueError in one line where there are none, or not as many labels as classes (0 needs none).
    """
    if not isinstance(dataset, str):
        return Wrapped(dataset, channels, size, classes)
    images = _named(dataset, channels, size)
    if classes and classes != images.labels:
        raise ValueError(f"classes={classes}: dataset {dataset} has {images.labels or 'no'} labels")
    return images


def _named(dataset: str, channels: int, size: int) -> Images:
    kind, path = split_dataset(dataset)
    if kind == GIVEN:
        raise ValueError("dataset: was handed over in Python; hand it over as data= again")
    if kind == "digits":
        return Held(kind, *digits(), channels, size)
    if kind == "fashion":
        pixels, labels = fashion(path)
        return Held(kind, torch.from_numpy(pixels), torch.from_numpy(labels), channels, size)
    if kind == "emoji":
        return Held(kind, torch.from_numpy(emoji(path)), None, channels, size)
    if kind == "clipart":
        return _drawings(path, channels, size)
    return Folder(Path(path), channels, size)


def _drawings(folder: str, channels: int, size: int) -> Images:
    """Drawings to learn from, and those held out."""
    found = clipart(folder)

    def part(which: np.ndarray) -> Held:
        pixels, topic = (torch.from_numpy(values[which]) for values in (found.pixels, found.topic))
        images = Held("clipart", pixels, topic, channels, size)
        images.names, images.labels, images.broken = found.names, len(found.names), found.broken
        return images

    images = part(~found.held_out)
    images.held_out = part(found.held_out) if found.held_out.any() else None
    return images


@cache
def digits() -> tuple[Tensor, Tensor]:
    """5,000 MNIST digits: pixels (5000,1,28,28) uint8, labels (5000); shuffled, always alike.

    Read once a process: do not write into them.
    """
    pixels, labels = mnist()
    order = np.random.default_rng(0).permutation(len(pixels))
    return torch.from_numpy(pixels[order]), torch.from_numpy(labels[order])


def fit(images: Tensor, size: int) -> Tensor:
    """Square images (N,C,H,H) in [-1, 1] to (N,C,size,size): black around for up to 8 more, else resized."""
    have = images.shape[-1]
    if have == size:
        return images
    if 0 < size - have <= 8 and (size - have) % 2 == 0:
        return F.pad(images, ((size - have) // 2,) * 4, value=-1.0)
    return F.interpolate(images, size=(size, size), mode="area" if size < have else "bilinear")


def with_channels(images: Tensor, channels: int) -> Tensor:
    """Images (N,C,H,W) as (N,channels,H,W): grey repeated, colour averaged as the eye does. ValueError."""
    have = images.shape[1]
    if have == channels:
        return images
    if have == 1:
        return images.expand(-1, channels, -1, -1)
    if have == 3 and channels == 1:
        return (images * torch.tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)
    raise ValueError(f"image_channels={channels}: the data has {have}")


def _to_tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous() / 127.5 - 1


def _read(path: Path, channels: int, size: int) -> np.ndarray:
    """Middle square of an image file, (size,size,channels) in 0..255; what is transparent becomes white."""
    with open_image(path) as picture:
        return _fitted(picture, channels, size)


def _fitted(picture: Image.Image, channels: int, size: int) -> np.ndarray:
    opaque = picture
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        opaque = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    square = ImageOps.fit(opaque.convert("L" if channels == 1 else "RGB"), (size, size))
    return np.asarray(square, np.float32).reshape(size, size, channels)
