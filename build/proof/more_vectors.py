# SPDX-License-Identifier: Apache-2.0
"""More vectors than a build has made of a file that brings none: by numpy, on the proved graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fpgan.build.proof.layer_truth import layer_truth
from fpgan.hw.design import Design
from fpgan.sim.vectors import Vectors


def more_vectors(design: Design, vectors: Vectors, images: int) -> Vectors:
    """`vectors`, and random latents of the same integers up to that many images. DamagedError."""
    missing = images - len(vectors.latent)
    truth = layer_truth(design)
    rng = np.random.default_rng(len(vectors.latent))
    latent = rng.choice(np.unique(vectors.latent), (missing, *vectors.latent.shape[1:]))
    image = np.stack([truth.values(one)[-1].transpose(2, 0, 1) for one in latent])
    return replace(
        vectors,
        latent=np.concatenate([vectors.latent, latent]),
        image=np.concatenate([vectors.image, image]),
    )
