# SPDX-License-Identifier: Apache-2.0
"""Images of latents for which the file brought none of PyTorch's: by numpy, on the proved graph."""

from __future__ import annotations

import numpy as np

from fpgan.build.proof.layer_truth import layer_truth
from fpgan.hw.design import Design
from fpgan.sim.golden import IntArray


def numpy_images(design: Design, latent: IntArray) -> IntArray:
    """Images (N,C,H,W) of latents (N,Z,H,W), integers both. DamagedError for a damaged BUILD."""
    truth = layer_truth(design)
    return np.stack([truth.values(one)[-1].transpose(2, 0, 1) for one in latent])
