# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning without data: the quantized network learns the images that its float original makes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from fpgan.model.descent import Descent
from fpgan.model.device import Device
from fpgan.model.quantize.network import QuantizedNetwork

Progress = Callable[[int, int, dict[str, float]], None]
_SCALES = "scaling_impl"


def distill(
    network: QuantizedNetwork, steps: int, batch: int, rate: float, seed: int, progress: Progress
) -> None:
    """Adam on the mean squared distance of images of fresh latents; the rate falls to 0 along a cosine.

    Weights, biases and BatchNorm's gain and shift learn; its statistics and all scales stay as calibrated: a
    power of two that jumps undoes more than it can gain. Diverged where the distance is no finite number.
    """
    device = Device()
    module, original = network.module.to(device.device), network.original.to(device.device)
    learning = _learning(module)
    optimizer = torch.optim.Adam(learning, rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    source = torch.Generator().manual_seed(seed)
    for step in range(steps):
        descent = Descent(device, optimizer, partial(_advice, step + 1, rate))
        latents = network.latents.draw(batch, source).to(device.device)
        distance = descent.imitate(module, original, latents)
        schedule.step()
        progress(step + 1, steps, {"mse": distance})
    module.cpu()
    original.cpu()


def _advice(step: int, rate: float, what: str) -> str:
    return f"fine-tuning diverged at step {step} ({what}); lower the rate (--rate, now {rate:g})"


def _learning(module: nn.Module) -> list[nn.Parameter]:
    """The parameters that learn; the others are fixed."""
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(_SCALES not in name)
    return [p for p in module.parameters() if p.requires_grad]
