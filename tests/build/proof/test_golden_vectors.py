# SPDX-License-Identifier: Apache-2.0
"""Golden vectors of large images are made with little memory."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_models import Chain

from fpgan.build.frontend.network import Network
from fpgan.build.frontend.read import read_network
from fpgan.build.proof import golden_vectors
from fpgan.build.proof.golden_vectors import run_network


@pytest.mark.parametrize(("at_once", "batches"), [(1, [1] * 5), (2 * 4 * 64, [2, 2, 1]), (1 << 22, [5])])
def test_images_at_once(at_once, batches, monkeypatch):
    """As many as hold so many values of the largest image of the network, here one within; at least one."""
    chain = Chain((1, 1, 8, 8)).quant(0.5, 4)
    chain = chain.op("Conv", chain.weights((4, 1, 3, 3)), pads=[1] * 4).quant(0.5, 4)
    chain = chain.op("Conv", chain.weights((1, 4, 3, 3)), pads=[1] * 4).quant(0.5, 4)
    network = read_network(chain.model())
    latent = np.random.default_rng(0).choice(network.source.values, (5, *network.dims))
    whole, run, seen = run_network(network, latent, exact=True), Network.run, []
    monkeypatch.setattr(golden_vectors, "_AT_ONCE", at_once)
    monkeypatch.setattr(Network, "run", lambda self, x, exact: seen.append(len(x)) or run(self, x, exact))
    assert np.array_equal(run_network(network, latent, exact=True), whole) and seen == batches
