# SPDX-License-Identifier: Apache-2.0
"""Vectors beyond those that a foreign file's build makes are the network's, and the first ones stay."""

from __future__ import annotations

import numpy as np
import onnx
from onnx_models import Chain

from fpgan.build.flow import build
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_network
from fpgan.build.proof.numpy_images import numpy_images
from fpgan.hw.design import Design
from fpgan.sim.chosen import chosen_vectors
from fpgan.sim.vectors import golden_of


def test_further_vectors_are_the_networks(tmp_path):
    chain = Chain((1, 3, 2, 2)).quant(0.37, 1)
    chain.op("ConvTranspose", chain.weights((3, 2, 4, 4)), strides=[2, 2], pads=[1] * 4).op("Tanh")
    model = chain.quant(0.1, 4).model()
    onnx.save(model, tmp_path / "m.onnx")
    build(tmp_path / "m.onnx", tmp_path / "b", target_fps=1000)
    design = Design.load(tmp_path / "b")
    own = golden_of(design)
    found, made = chosen_vectors(design, 20, 0, None, None, numpy_images, lambda _: None)
    order = np.random.default_rng(0).permutation(20)
    assert len(own.latent) == 16 and len(found.latent) == len(found.image) == 20 and made == 4
    first = np.argsort(order)[:16]
    assert np.array_equal(found.latent[first], own.latent) and np.array_equal(found.image[first], own.image)
    assert set(np.unique(found.latent)) == {-1, 1}  # what comes in, not what fits into its bits
    assert np.array_equal(run_network(read_network(model), found.latent, exact=True), found.image)
