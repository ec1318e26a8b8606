# SPDX-License-Identifier: Apache-2.0
"""Latents and the images that a design must make of them, as a golden.npz holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.hw.system.reading import DamagedError, read_arrays

IMAGES = 64  # of a simulation that is not told how many
# Name of a dataset and images (N,C,H,W) -> the label that each shows (N); None where it knows no such labels.
Classify = Callable[[str, NDArray[Any]], NDArray[np.int64] | None]


@dataclass(frozen=True)
class Vectors:
    """latent (N,Z,H,W) and image (N,C,H,W) integers and what one step of each is worth.

    label (N): what each image was asked to show; None without classes. dataset: whose labels they are.
    """

    latent: NDArray[np.int64]
    image: NDArray[np.int64]
    latent_scale: float
    image_scale: float
    label: NDArray[np.int64] | None = None
    dataset: str = ""

    def save(self, path: Path) -> None:
        """Write a golden.npz."""
        np.savez_compressed(path, **{k: v for k, v in vars(self).items() if v is not None})

    @classmethod
    def load(cls, path: Path, then: str = "") -> Vectors:
        """Read a golden.npz. DamagedError, with what to do then, where it is damaged or none."""
        data = read_arrays(path, then)
        try:
            latent, image = _integers(data, "latent", 4), _integers(data, "image", 4)
            label = _integers(data, "label", 1) if "label" in data else None
            if not len(latent) == len(image) == (len(image) if label is None else len(label)):
                raise ValueError("not as many latents, images and labels")
            z, y = (_scale(data, f"{name}_scale") for name in ("latent", "image"))
        except ValueError as error:
            raise DamagedError(path, f"is damaged: {error}", then) from None
        return cls(latent, image, z, y, label, str(data.get("dataset", "")))

    def select(self, images: int | None, seed: int, labels: Sequence[int] | None = None) -> Vectors:
        """That many of them, chosen by seed; None: 64, or all where there are fewer.

        Where they have labels, those asked for come in turn, all of them unless `labels` says which.
        ValueError where there are not as many, on a seed below 0, and on labels that none of them has.
        """
        if seed < 0:
            raise ValueError(f"seed={seed}: must be at least 0")
        order = np.random.default_rng(seed).permutation(len(self.latent))
        asked = self._asked(labels)
        if self.label is not None:
            groups = [order[self.label[order] == label] for label in asked]
            order = order[:0]
            if groups:
                ends = min(len(group) * len(groups) + i for i, group in enumerate(groups))
                order = np.array([groups[i % len(groups)][i // len(groups)] for i in range(ends)])
        images = min(IMAGES, len(order)) if images is None else images
        if not 1 <= images <= len(order):
            of = "" if labels is None else f" of label {','.join(map(str, asked))}"
            raise ValueError(
                f"images={images}: the build has vectors{of} for 1 to {len(order)}; "
                "export more with --vectors"
            )
        chosen = order[:images]
        label = None if self.label is None else self.label[chosen]
        return replace(self, latent=self.latent[chosen], image=self.image[chosen], label=label)

    def _asked(self, labels: Sequence[int] | None) -> list[int]:
        """Labels to take in turn. ValueError names one that is not there."""
        if self.label is None:
            if labels is not None:
                raise ValueError(
                    f"label={','.join(map(str, labels))}: this design takes no labels; "
                    "train one with generator.classes"
                )
            return []
        known = np.unique(self.label).tolist()
        for label in labels if labels is not None else ():
            if label not in known:
                raise ValueError(f"label={label}: the build has vectors of labels {known[0]} to {known[-1]}")
        return known if labels is None else list(labels)


def golden_of(design: Design) -> Vectors:
    """BUILD/golden.npz. DamagedError where it is damaged or not of the design's shapes and ranges."""
    path, then = design.root / "golden.npz", "run fpgan build again"
    vectors = Vectors.load(path, then)
    for name, values, stream in (
        ("latent", vectors.latent, design.input),
        ("image", vectors.image, design.output),
    ):
        shape = values.transpose(0, 2, 3, 1).shape[1:]
        if shape != stream.shape[1:]:
            raise DamagedError(path, f"is of another design: {name} is {shape}, not {stream.shape[1:]}", then)
        low = -(1 << stream.element_bits - 1) if stream.signed else 0
        high = low + (1 << stream.element_bits) - 1
        if values.size and not low <= values.min() <= values.max() <= high:
            raise DamagedError(path, f"is damaged: {name} is outside {low} to {high}", then)
    return vectors


def _integers(data: Mapping[str, NDArray[Any]], name: str, axes: int) -> NDArray[np.int64]:
    if name not in data:
        raise ValueError(f"holds no {name}")
    found = data[name]
    if found.dtype.kind not in "iu" or found.ndim != axes:
        raise ValueError(f"{name} is {found.dtype} with {found.ndim} axes, not integers with {axes}")
    return found.astype(np.int64)


def _scale(data: Mapping[str, NDArray[Any]], name: str) -> float:
    found = data.get(name, np.array(1.0))
    if found.dtype.kind not in "fiu" or found.size != 1 or not 0 < float(found.reshape(-1)[0]) < np.inf:
        raise ValueError(f"{name} is no positive number")
    return float(found.reshape(-1)[0])


def parse_labels(text: str) -> list[int]:
    """Labels of `7`, `1,3,5` or `0..9`, also mixed. ValueError."""
    labels: list[int] = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        if not first.isdecimal() or (dots and not last.isdecimal()):
            raise ValueError(f"label={text}: give a label, a list as 1,3,5, or a range as 0..9")
        labels += range(int(first), int(last if dots else first) + 1)
    if not labels:
        raise ValueError(f"label={text}: an empty range; write the smaller label first")
    return labels


def agreement(vectors: Vectors, output: NDArray[np.int64], classify: Classify | None) -> float | None:
    """Share of images (N,C,H,W) that show the label asked for; None where no classifier of them is given."""
    if vectors.label is None or classify is None:
        return None
    seen = classify(vectors.dataset.partition(":")[0], output * vectors.image_scale)
    return None if seen is None else round(float(np.mean(seen == vectors.label)), 4)
