# SPDX-License-Identifier: Apache-2.0
"""A graph with Brevitas layers in place of its float ones, and quantizers where hardware has them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from brevitas import config
from brevitas.graph.base import ModuleToModuleByInstance
from brevitas.nn import (
    QuantConv1d,
    QuantConv2d,
    QuantConvTranspose1d,
    QuantConvTranspose2d,
    QuantIdentity,
    QuantLinear,
)
from torch import Tensor, fx, nn

from fpgan.model.quantize.latents import Latents
from fpgan.model.quantize.layers import Layer, Layers
from fpgan.model.quantize.ops import INPUT
from fpgan.model.quantize.quantizers import ChannelWeight, TensorWeight, calibrated, constant
from fpgan.model.quantize.tracing import QUANTIZER

_QUANTIZED: dict[type[nn.Module], type[nn.Module]] = {
    nn.ConvTranspose2d: QuantConvTranspose2d, nn.ConvTranspose1d: QuantConvTranspose1d,
    nn.Conv2d: QuantConv2d, nn.Conv1d: QuantConv1d, nn.Linear: QuantLinear,
}  # fmt: skip


@dataclass(frozen=True)
class LayerBits:
    """Bits of a layer's weights and of what it puts out."""

    weights: int
    acts: int


@dataclass
class QuantizedNetwork:
    """The quantized graph and its float original, on inputs (N, *shape) drawn by `latents`."""

    module: fx.GraphModule
    original: fx.GraphModule
    split: Layers
    bits: list[LayerBits]
    latents: Latents

    @property
    def layers(self) -> list[Layer]:
        return self.split.layers

    def quantizer(self, end: str) -> QuantIdentity:
        """The quantizer behind a module of the graph, or at the input ("latent")."""
        found = self.module.get_submodule(quantizer_name(end))
        assert isinstance(found, QuantIdentity)
        return found

    def scale(self, end: str) -> float:
        """Value of one step of that quantizer."""
        return float(self.quantizer(end).act_quant.scale())

    @property
    def latent_scale(self) -> float:
        """Value of one step of the input."""
        return self.scale(INPUT)

    @property
    def image_scale(self) -> float:
        """Value of one step of the image."""
        return self.scale(self.layers[-1].end)

    def random_latents(self, count: int, source: torch.Generator) -> tuple[Tensor, None]:
        """Inputs (count, *shape), and no labels."""
        return self.latents.draw(count, source), None

    @torch.no_grad()
    def quantize_latent(self, latent: Tensor) -> Tensor:
        """Integers (N,C,H,W), int64, that the network makes of its input."""
        value = self.quantizer(INPUT)(latent)
        return torch.round(value / self.latent_scale).to(torch.int64).reshape(-1, *self.split.dims)

    @torch.no_grad()
    def integers(self, latent: Tensor) -> Tensor:
        """Image integers (N,C,H,W), int64, of latent integers (N,C,H,W)."""
        value = latent.to(torch.float32).reshape(-1, *self.latents.shape) * self.latent_scale
        image = torch.round(self.module(value) / self.image_scale)
        return image.to(torch.int64).reshape(-1, *self.split.image)


def exchange(
    graph: fx.GraphModule, split: Layers, bits: list[LayerBits], latents: Latents, latent_bits: int
) -> QuantizedNetwork:
    """Put Brevitas layers and quantizers into a copy of a graph; its scales are not yet calibrated."""
    module = deepcopy(graph)
    for layer, wanted in zip(split.layers, bits, strict=True):
        if layer.linear:
            module.set_submodule(layer.name, _linear(module, layer, wanted.weights))
        bounded = layer is split.layers[-1] and torch.isfinite(torch.tensor(layer.span)).all()
        quantizer = (
            constant(wanted.acts, layer.span) if bounded else calibrated(wanted.acts, layer.span[0] < 0)
        )
        _insert(module, layer.end, quantizer)
    span = latents.span
    _insert(module, INPUT, calibrated(latent_bits, True) if span is None else constant(latent_bits, span))
    return QuantizedNetwork(module.eval(), graph, split, bits, latents)


def _linear(graph: fx.GraphModule, layer: Layer, bits: int) -> nn.Module:
    """The Brevitas layer in place of a layer's linear module, one scale per output channel.

    One for all where features become the pixels of an image that are alike but for their weights, as those of
    a channel must share theirs, and in a grouped transposed convolution, whose channels Brevitas cannot tell
    apart.
    """
    old: Any = graph.get_submodule(layer.name)
    alike = layer.pixels > 1 and not layer.apart
    shared = alike or (getattr(old, "transposed", False) and old.groups > 1)
    new = next(new for kind, new in _QUANTIZED.items() if isinstance(old, kind))
    options = {"weight_quant": TensorWeight if shared else ChannelWeight, "weight_bit_width": bits}
    ignoring = config.IGNORE_MISSING_KEYS
    config.IGNORE_MISSING_KEYS = True  # the float layer has no scales to load
    try:
        made: nn.Module = ModuleToModuleByInstance(old, new, **options).init_new_module(old)
    finally:
        config.IGNORE_MISSING_KEYS = ignoring
    return made


def quantizer_name(end: str) -> str:
    """Name of the quantizer behind a module."""
    return f"{end}{QUANTIZER}"


def _insert(module: fx.GraphModule, end: str, quantizer: QuantIdentity) -> None:
    node = next(n for n in module.graph.nodes if n.target == end)
    module.add_submodule(quantizer_name(end), quantizer)
    with module.graph.inserting_after(node):
        quantized = module.graph.call_module(quantizer_name(end), (node,))
    node.replace_all_uses_with(quantized, delete_user_cb=lambda user: user is not quantized)
    module.recompile()
