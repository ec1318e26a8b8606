# SPDX-License-Identifier: Apache-2.0
"""Latents and the images that a design must make of them, as a golden.npz holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IMAGES = 64  # of a simulation that is not told how many


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
    def load(cls, path: Path) -> Vectors:
        """Read a golden.npz. ValueError, OSError or KeyError where it is damaged or none."""
        with np.load(path, allow_pickle=False) as data:
            latent, image = data["latent"].astype(np.int64), data["image"].astype(np.int64)
            label = data["label"].astype(np.int64) if "label" in data else None
            z, y = (float(data[f"{k}_scale"]) if f"{k}_scale" in data else 1.0 for k in ("latent", "image"))
            dataset = str(data["dataset"]) if "dataset" in data else ""
        if len(image) != len(latent) or (label is not None and label.shape != (len(latent),)):
            raise ValueError(f"{path}: not as many latents, images and labels")
        return cls(latent, image, z, y, label, dataset)

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


def agreement(vectors: Vectors, output: NDArray[np.int64]) -> float | None:
    """Share of images (N,C,H,W) in which the classifier that ships sees the label asked for.

    None where there is no classifier of these labels: it knows digits and garments.
    """
    kind = vectors.dataset.partition(":")[0]
    if vectors.label is None or kind not in ("digits", "fashion"):
        return None
    import torch

    from fpgan.model.features import measure  # only labelled images need it, and all of PyTorch with it

    _, seen = measure(kind, torch.from_numpy(output * vectors.image_scale))
    return round(float(np.mean(seen == vectors.label)), 4)
