# SPDX-License-Identifier: Apache-2.0
"""Weights clipped channel by channel: near the best there is, and free of the channel's size."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fpgan.model.clipping import clipped, clipping
from fpgan.model.config import PRESETS
from fpgan.model.generator import Generator
from fpgan.model.train import calibrate


def _error(weights, clip, bits):
    """Mean square error per channel of weights (C,N) rounded to bits, relative to their own square."""
    step = clip / (2 ** (bits - 1) - 1)
    rounded = torch.clamp(torch.round(weights / step), 1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1) * step
    return (rounded - weights).square().mean(1) / weights.square().mean(1)


@pytest.mark.parametrize("freedom", [100.0, 8.0])  # of Student's distribution: kurtosis 3.1 and 4.5
@pytest.mark.parametrize(("bits", "more"), [(2, 1.1), (3, 1.1), (4, 1.1), (6, 1.5)])
def test_no_other_clipping_is_much_better(bits, more, freedom):
    torch.manual_seed(0)
    weights = torch.distributions.StudentT(freedom).sample((8, 4096)) * torch.logspace(-3, 3, 8)[:, None]
    found = _error(weights, clipping(weights, torch.tensor(float(bits)), 0), bits)
    deviation = weights.std(1, keepdim=True)
    best = (
        torch.stack([_error(weights, k * deviation, bits) for k in torch.arange(0.6, 8, 0.05)]).min(0).values
    )
    assert (found < more * best).all()


def test_zeros_stay_zeros():
    assert clipped(torch.zeros(2, 3, 4, 4), torch.tensor(4.0), 1).eq(0).all()


@pytest.mark.parametrize("upsample", ["deconv", "nearest"])
def test_the_size_of_a_channel_changes_nothing(upsample):
    """Which only the right axis and a BatchNorm behind each clipped layer make true."""
    torch.manual_seed(0)
    config = replace(PRESETS["tiny"].generator, weight_scales="channel", upsample=upsample)
    generator = Generator(config)
    latent = generator.random_latents(16, torch.Generator().manual_seed(0))[0]
    calibrate(generator, 0)
    before = generator.integers(generator.quantize_latent(latent))
    with torch.no_grad():
        for layer in list(generator.layers)[:-1]:
            conv = next(m for m in layer if hasattr(m, "weight_quant"))
            shape = [-1 if i == conv.output_channel_dim else 1 for i in range(4)]
            conv.weight *= 2.0 ** torch.randint(-3, 4, (conv.out_channels,)).view(shape)
    calibrate(generator, 0)
    assert torch.equal(generator.integers(generator.quantize_latent(latent)), before)
    assert before.unique().numel() > 8
