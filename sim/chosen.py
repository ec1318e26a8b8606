# SPDX-License-Identifier: Apache-2.0
"""Which vectors a simulation streams: golden ones, more than there are, or a way through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fpgan.hw.design import Design
from fpgan.sim.golden import IntArray
from fpgan.sim.vectors import Vectors, golden_of
from fpgan.sim.walk import FRAMES, Walk, walked

Exact = Callable[[Design, IntArray], IntArray]  # latents (N,Z,H,W) -> the images (N,C,H,W) that they make
_AT_ONCE = 8  # images of `Exact`, between two words of progress


def chosen_vectors(
    design: Design,
    images: int | None,
    seed: int,
    label: int | Sequence[int] | None,
    walk: Walk | None,
    exact: Exact | None,
    say: Callable[[str], None],
    of: Vectors | None = None,
) -> tuple[Vectors, int]:
    """What `simulate` streams, and of how many images `exact` made it. ValueError as `simulate` raises it.

    of: golden vectors in the place of the design's own; `exact` makes none of theirs.
    """
    golden = of or golden_of(design)
    exact = None if of else exact
    labels = [label] if isinstance(label, int) else label
    if walk is None:
        return _golden(design, golden, images, seed, labels, exact, say)
    walk.check()
    if exact is None:
        raise ValueError("a walk takes `exact`, for images between the golden ones")
    stops = golden.select(walk.latents, seed, labels)
    vectors, known = walked(walk, golden, stops, FRAMES * walk.latents if images is None else images)
    if not known.all():
        vectors.image[~known] = _computed(exact, design, vectors.latent[~known], say)
    return vectors, int((~known).sum())


def _golden(
    design: Design,
    golden: Vectors,
    images: int | None,
    seed: int,
    labels: Sequence[int] | None,
    exact: Exact | None,
    say: Callable[[str], None],
) -> tuple[Vectors, int]:
    """Of golden.npz, and more of them where the file brought none and they can be made."""
    missing = max((images or 0) - len(golden.latent), 0)
    if not missing or design.golden != "exact" or golden.label is not None or exact is None:
        return golden.select(images, seed, labels), 0
    # Integers that come in, which may be fewer than fit into the input's bits.
    rng = np.random.default_rng(len(golden.latent))
    latent = rng.choice(np.unique(golden.latent), (missing, *golden.latent.shape[1:]))
    image = _computed(exact, design, latent, say)
    more = replace(
        golden, latent=np.concatenate([golden.latent, latent]), image=np.concatenate([golden.image, image])
    )
    return more.select(images, seed, labels), missing


def _computed(exact: Exact, design: Design, latent: IntArray, say: Callable[[str], None]) -> IntArray:
    made = []
    for start in range(0, len(latent), _AT_ONCE):
        say(f"computing images, {start} of {len(latent)}")
        made.append(exact(design, latent[start : start + _AT_ONCE]))
    return np.concatenate(made)
