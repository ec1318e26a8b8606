# SPDX-License-Identifier: Apache-2.0
"""How far the quantized network is from its float original: by layer, by image, and against real images."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, fx, nn

from fpgan.model.data import open_images
from fpgan.model.evaluate import SAMPLES, score
from fpgan.model.quantize.network import QuantizedNetwork, quantizer_name

_COMPARED, _BATCH = 256, 64
_SEED = 4321  # of latents on which nothing was calibrated


class Distance:
    """Squared error and signal power, summed up over batches."""

    def __init__(self) -> None:
        self.error = self.power = 0.0
        self.count = 0

    def add(self, wanted: Tensor, found: Tensor) -> None:
        self.error += float((found - wanted).double().square().sum())
        self.power += float(wanted.double().square().sum())
        self.count += wanted.numel()

    @property
    def figures(self) -> dict[str, float | None]:
        """sqnr_db (None where both are the same) and mse."""
        ratio = self.power / self.error if self.error and self.power else 0.0
        return {
            "sqnr_db": round(10 * math.log10(ratio), 2) if ratio else None,
            "mse": self.error / self.count,
        }


@torch.no_grad()
def distances(network: QuantizedNetwork) -> dict[str, dict[str, float | None]]:
    """What each quantizer puts out against the float module's, by the name of the module in front of it."""
    ends = [layer.end for layer in network.layers]
    sums = {end: Distance() for end in ends}
    source = torch.Generator().manual_seed(_SEED)
    for batch in network.latents.draw(_COMPARED, source).split(_BATCH):
        wanted = _seen(network.original, ends, batch)
        found = _seen(network.module, [quantizer_name(end) for end in ends], batch)
        for end in ends:
            sums[end].add(wanted[end], found[quantizer_name(end)])
    return {end: total.figures for end, total in sums.items()}


def _seen(module: fx.GraphModule, names: Iterable[str], batch: Tensor) -> dict[str, Tensor]:
    """What the modules of these names put out."""
    seen: dict[str, Tensor] = {}
    hooks = [
        module.get_submodule(name).register_forward_hook(
            lambda part, inputs, output, name=name: seen.__setitem__(name, output)  # type: ignore[misc]
        )
        for name in names
    ]
    module(batch)
    for hook in hooks:
        hook.remove()
    return seen


@torch.no_grad()
def layer_rows(network: QuantizedNetwork) -> list[dict[str, Any]]:
    """One row per layer: names, bits, scales, distance of its weights and of what it puts out."""
    found, rows = distances(network), []
    for layer, bits in zip(network.layers, network.bits, strict=True):
        row: dict[str, Any] = {
            "name": layer.name,
            "op": type(network.original.get_submodule(layer.name)).__name__,
        }
        if layer.linear:
            row |= {"weight_bits": bits.weights, **_weights(network, layer.name)}
        row |= {
            "act_bits": bits.acts, "act_signed": bool(network.quantizer(layer.end).act_quant.is_signed),
            "act_scale": network.scale(layer.end), **found[layer.end],
        }  # fmt: skip
        rows.append(row)
    return rows


def _weights(network: QuantizedNetwork, name: str) -> dict[str, Any]:
    """Scales, one per tensor or channel, and distance of a layer's weights from the float ones."""
    made: Any = network.module.get_submodule(name)
    quantized, distance = made.quant_weight(), Distance()
    original: Any = network.original.get_submodule(name)
    distance.add(original.weight.detach(), quantized.value)
    return {
        "weight_scale": quantized.scale.flatten().tolist(),
        **{f"weight_{key}": value for key, value in distance.figures.items()},
    }


class _Drawing:
    """One of the two networks as the score takes it, its images in [-1, 1]."""

    classes = 0

    def __init__(self, network: QuantizedNetwork, module: nn.Module) -> None:
        self.network, self.module = network, module
        self.unsigned = network.layers[-1].span[0] >= 0

    def random_latents(self, count: int, source: torch.Generator) -> tuple[Tensor, None]:
        return self.network.random_latents(count, source)

    def __call__(self, latent: Tensor) -> Tensor:
        images: Tensor = self.module(latent).reshape(-1, *self.network.split.image)
        return images * 2 - 1 if self.unsigned else images


def open_scored(network: QuantizedNetwork, data: str) -> Any:
    """The real images to score against. ValueError where these networks' images cannot be."""
    channels, rows, columns = network.split.image
    if rows != columns:
        raise ValueError(f"data={data}: images of {rows}x{columns} pixels; a score needs square ones")
    return open_images(data, channels, rows)


def scores(network: QuantizedNetwork, images: Any, seed: int) -> dict[str, Any]:
    """`name`, `real_vs_real`, `samples`, and the score of the `float` and the `calibrated` network."""
    result = score(_Drawing(network, network.original), images, SAMPLES, seed)
    found = {key: result[key] for key in ("name", "samples", "real_vs_real")}
    return {**found, "float": result["value"], "calibrated": value(network, images, seed)}


def value(network: QuantizedNetwork, images: Any, seed: int) -> float:
    """Score of the quantized network."""
    return float(score(_Drawing(network, network.module), images, SAMPLES, seed)["value"])
