# SPDX-License-Identifier: Apache-2.0
"""A way through the latents of a generator: frames between golden ones, for a moving picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fpgan.sim.vectors import Vectors

FRAMES = 12  # for each latent of the way, where nobody says how many


@dataclass(frozen=True)
class Walk:
    """latents: golden ones that the way leads through, and from the last one back to the first.

    truncation: of what is random in a latent, the share that is kept; less than 1 draws the images towards
    the usual ones.
    """

    latents: int
    truncation: float = 1.0

    def check(self) -> None:
        """ValueError for a way that is none."""
        if self.latents < 2:
            raise ValueError(f"walk={self.latents}: a way leads through 2 latents or more")
        if not 0 < self.truncation <= 1:
            raise ValueError(f"truncation={self.truncation}: must be above 0, at most 1")


def way(walk: Walk, stops: Vectors, frames: int, classes: int) -> NDArray[np.float64]:
    """Latents (frames,Z,H,W): the first of `stops`, a way through the others, and on to the first again.

    Between two of them a frame is (sin((1-t)u) a + sin(t u) b) / sin(u) for the angle u between a and b, so
    that it is about as long as they are, as random latents of many values all are. classes: channels at the
    end that say what to draw, which are not truncated. ValueError for fewer frames than stops.
    """
    count = len(stops.latent)
    if frames < count:
        raise ValueError(f"images={frames}: a walk through {count} latents has at least as many")
    ends = stops.latent.astype(float)
    ends[:, : ends.shape[1] - classes] *= walk.truncation
    at = np.arange(frames) * count / frames
    first = at.astype(int)
    pairs = zip(first, (first + 1) % count, at - first, strict=True)
    return np.stack([_between(ends[a], ends[b], t) for a, b, t in pairs])


def _between(a: NDArray[np.float64], b: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip((a * b).sum() / lengths, -1, 1)) if lengths else 0.0
    if angle < 1e-3 or angle > np.pi - 1e-3:  # hardly a way between them, or no one way
        return (1 - t) * a + t * b
    return np.asarray((np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle))


def walked(walk: Walk, golden: Vectors, stops: Vectors, frames: int) -> tuple[Vectors, NDArray[np.bool_]]:
    """Vectors of a way in integers that golden latents have, and of which frames (N) the images are golden.

    The other frames hold no image yet; none has a label, for there is something between two labels.
    """
    values = np.unique(golden.latent)
    between = (values[1:] + values[:-1]) / 2
    latent = values[np.searchsorted(between, way(walk, stops, frames, label_channels(golden)))]
    image = np.zeros((frames, *golden.image.shape[1:]), np.int64)
    known = np.zeros(frames, bool)
    for stop, made in zip(stops.latent, stops.image, strict=True):
        here = (latent == stop).all(axis=(1, 2, 3))
        image[here], known = made, known | here
    return replace(golden, latent=latent, image=image, label=None), known


def label_channels(vectors: Vectors) -> int:
    """How many channels at the end of the latents say what to draw; 0 without labels.

    They are one value at the label's place and 0 beside it, in all vectors.
    """
    if vectors.label is None:
        return 0
    values, label = vectors.latent[..., 0, 0], vectors.label
    for classes in range(int(label.max()) + 1, values.shape[1] + 1):
        code = values[:, -classes:]
        if ((code != 0).sum(axis=1) == 1).all() and (code.argmax(axis=1) == label).all():
            return classes
    raise ValueError("the latents of golden.npz do not say what their labels do; run fpgan build again")
