# SPDX-License-Identifier: Apache-2.0
"""One step of a network downhill: of any loss, or towards the images that its teacher makes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from fpgan.model.device import Device


class Diverged(ArithmeticError):
    """A loss or a weight is no longer a finite number."""


@dataclass(frozen=True)
class Descent:
    """An optimizer on a device; advice: the line of a Diverged, made of what went wrong."""

    device: Device
    optimizer: torch.optim.Optimizer
    advice: Callable[[str], str]

    def step(self, loss: Tensor) -> float:
        """Update the optimizer's parameters; returns the loss, averaged over processes.

        Diverged, before anything is updated, if that is not finite.
        """
        value = self.device.mean(loss)
        if not math.isfinite(value):
            raise Diverged(self.advice(f"loss is {value}"))
        self.optimizer.zero_grad(set_to_none=True)
        self.device.backward(loss)
        self.device.update(self.optimizer)
        return value

    def imitate(self, pupil: nn.Module, teacher: nn.Module, latents: Tensor) -> float:
        """One step towards the teacher's images of these latents; returns their mean squared distance."""
        with self.device.autocast():
            with torch.no_grad():
                wanted = teacher(latents)
            loss = mse_loss(pupil(latents).float(), wanted.float())
        return self.step(loss)
