# SPDX-License-Identifier: Apache-2.0
"""The discriminator that fits the images."""

import pytest
import torch
from torch import nn

from fpgan.model.discriminator import Discriminator


@pytest.mark.parametrize("size", [4, 7, 16, 28, 32, 64])
def test_the_discriminator_ends_in_one_logit(size):
    assert Discriminator(3, size, 4)(torch.zeros(2, 3, size, size)).shape == (2,)


def test_a_conditional_discriminator_looks_at_the_label():
    net = Discriminator(1, 16, 4, classes=3)
    images, labels = torch.rand(6, 1, 16, 16), torch.tensor([0, 1, 2] * 2)
    assert not torch.allclose(net(images, labels), net(images, labels.flip(0)))


@pytest.mark.parametrize("norm", ["batch", "spectral", "none"])
def test_its_norm_is_the_one_asked_for(norm):
    """Spectral: whatever the weights, no layer makes a difference between two inputs larger."""
    net = Discriminator(3, 16, 8, classes=2, norm=norm)
    assert any(isinstance(m, nn.BatchNorm2d) for m in net.modules()) == (norm == "batch")
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(100)
        for _ in range(30):  # each look at the weights is a step towards their largest singular value
            net(torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 0, 1]))
    net.eval()
    for module in (m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Embedding)):
        largest = torch.linalg.matrix_norm(module.weight.flatten(1), 2).item()
        assert largest == pytest.approx(1, rel=0.05) if norm == "spectral" else largest > 2
