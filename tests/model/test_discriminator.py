# SPDX-License-Identifier: Apache-2.0
"""The discriminator that fits the images."""

import pytest
import torch

from fpgan.model.discriminator import Discriminator


@pytest.mark.parametrize("size", [4, 7, 16, 28, 32, 64])
def test_the_discriminator_ends_in_one_logit(size):
    assert Discriminator(3, size, 4)(torch.zeros(2, 3, size, size)).shape == (2,)


def test_a_conditional_discriminator_looks_at_the_label():
    net = Discriminator(1, 16, 4, classes=3)
    images, labels = torch.rand(6, 1, 16, 16), torch.tensor([0, 1, 2] * 2)
    assert not torch.allclose(net(images, labels), net(images, labels.flip(0)))
