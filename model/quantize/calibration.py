# SPDX-License-Identifier: Apache-2.0
"""Post-training quantization: scales and biases from a few batches of inputs, by Brevitas' own means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from brevitas.graph.calibrate import bias_correction_mode, calibration_mode
from torch import Tensor, nn

from fpgan.model.quantize.network import QuantizedNetwork

_MOST_STEPS = 2**23  # beyond, float32 would not add a bias exactly


@torch.no_grad()
def calibrate(network: QuantizedNetwork, batches: list[Tensor], progress: Callable[[int, int], None]) -> None:
    """Find the scales of activations; then biases take up what rounding the weights moves the means by."""
    total = 2 * len(batches)
    with calibration_mode(network.module):
        for done, batch in enumerate(batches):
            network.module(batch)
            progress(done + 1, total)
    for layer in network.layers:
        module = network.module.get_submodule(layer.name)
        if layer.linear and module.bias is None and (layer.pixels == 1 or layer.apart):
            module.bias = nn.Parameter(torch.zeros(_outputs(module)))
    with bias_correction_mode(network.module, skip_if_no_bias=True):
        for done, batch in enumerate(batches):
            network.module(batch)
            progress(len(batches) + done + 1, total)
    _even_biases(network)
    _fold_biases(network)
    settle_biases(network)


def _even_biases(network: QuantizedNetwork) -> None:
    """Pixels that had one bias keep one, of which hardware makes a kernel."""
    for layer in network.layers:
        bias: Any = network.module.get_submodule(layer.name).bias if layer.linear else None
        if bias is not None and layer.pixels > 1 and not layer.apart:
            rows = bias.reshape(-1, layer.pixels)
            rows.copy_(rows.mean(1, keepdim=True).expand_as(rows))


def _outputs(module: nn.Module) -> int:
    return int(module.out_features if isinstance(module, nn.Linear) else module.out_channels)  # type: ignore[arg-type]


def _fold_biases(network: QuantizedNetwork) -> None:
    """A bias in front of a BatchNorm is one of its means, and hardware then needs no sum for it.

    Not where it differs from pixel to pixel, and the norm is one of channels.
    """
    for layer in network.layers:
        if layer.norm:
            found: list[Any] = [network.module.get_submodule(n) for n in (layer.name, layer.norm)]
            module, norm = found
            rows = None if module.bias is None else module.bias.reshape(len(norm.running_mean), -1)
            if rows is not None and (rows == rows[:, :1]).all():
                norm.running_mean -= rows[:, 0]
                module.bias = None


@torch.no_grad()
def settle_biases(network: QuantizedNetwork) -> None:
    """Round the biases that are left to steps of their accumulator, so that float32 adds them exactly."""
    for layer in network.layers:
        module: Any = network.module.get_submodule(layer.name)
        if layer.linear and module.bias is not None:
            step = module.quant_weight().scale.flatten() * network.scale(layer.before)
            step = step.repeat(len(module.bias) // len(step))
            steps = torch.round(module.bias / step)
            if steps.abs().max() >= _MOST_STEPS:
                raise ValueError(
                    f"`{layer.name}`: a bias of {float(module.bias.abs().max()):g} is beyond {_MOST_STEPS} "
                    "steps of its sums; give the layer fewer bits"
                )
            module.bias.copy_(steps * step)
