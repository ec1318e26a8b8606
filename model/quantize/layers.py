# SPDX-License-Identifier: Apache-2.0
"""Where the quantizers of a chain go: one behind each layer and what is applied to each of its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import fx, nn

from fpgan.model.quantize.ops import LINEAR, NORMS, POINTWISE, Arithmetic, Pad, Reshape

Range = tuple[float, float]
Dims = tuple[int, int, int]
_ALL = (-math.inf, math.inf)


@dataclass
class Layer:
    """A linear module, or none at the input, and what follows it up to the place of its quantizer."""

    name: str  # of the linear module, else of the first function
    linear: bool
    end: str  # of the module behind which the quantizer stands
    span: Range = _ALL  # of the values there
    norm: str = ""  # of a BatchNorm right behind the linear module, which can take its bias
    pixels: int = 1  # of the image that its features become
    apart: bool = False  # whether these differ from each other in more than their weights


@dataclass(frozen=True)
class Layers:
    """The layers of a chain, and (C,H,W) of what goes in and comes out as hardware streams it."""

    layers: list[Layer]
    dims: Dims
    image: Dims


def split(chain: fx.GraphModule, shape: tuple[int, ...]) -> Layers:
    """The layers of a chain whose input is (N, *shape). ValueError names what no layer can hold."""
    walk = _Walk(shape)
    x = torch.zeros(1, *shape)
    with torch.no_grad():
        for node in chain.graph.nodes:
            if node.op == "call_module":
                module = chain.get_submodule(str(node.target))
                walk.step(str(node.target), module)
                x = module(x)
                if isinstance(module, Reshape):
                    walk.reshape(str(node.target), module.sizes)
                else:
                    walk.see(tuple(x.shape[1:]), isinstance(module, LINEAR))
    for layer in walk.layers:
        layer.apart = layer.apart or (layer.pixels > 1 and _differs(chain, layer))
    return Layers(walk.layers, walk.first, walk.dims)


class _Walk:
    """The state of a walk along a chain; dims is (C,H,W) of the image in the tensor that was reached."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.layers: list[Layer] = []
        self.dims = self.first = canonical(shape)
        self.padded = ""  # a padding since the last layer
        self.parts = False  # whether a function since then differs from channel to channel
        self.shuffled = False  # whether its channels are no longer the layer's
        self.begun = False

    def step(self, name: str, module: nn.Module) -> None:
        if isinstance(module, LINEAR):
            self.layers.append(Layer(name, True, name))
            self.padded, self.parts, self.shuffled, self.begun = "", False, False, True
        elif isinstance(module, (*NORMS, *POINTWISE)):
            self._function(name, module)
        elif not isinstance(module, Reshape):
            self.begun = True
            self.shuffled = self.shuffled or isinstance(module, nn.PixelShuffle)
            if isinstance(module, Pad) and self.layers:
                self.padded = name

    def _function(self, name: str, module: nn.Module) -> None:
        if self.padded:
            raise ValueError(f"`{self.padded}`: pads in front of `{name}`; pad behind the activation")
        self.begun = True
        if not self.layers:
            self.layers.append(Layer(name, False, name))
        layer = self.layers[-1]
        if isinstance(module, NORMS) and layer.linear and layer.end == layer.name and not self.shuffled:
            layer.norm = name
        layer.end, layer.span = name, _span(module, layer.span)
        self.parts = self.parts or _per_channel(module)

    def see(self, sizes: tuple[int, ...], linear: bool) -> None:
        """Sizes that a module other than a reshape puts out."""
        if len(sizes) > 1 or linear:
            self.dims = canonical(sizes)

    def reshape(self, name: str, sizes: tuple[int, ...]) -> None:
        new = canonical(sizes)
        if len(sizes) == 1 or new == self.dims:
            return
        if not self.begun:  # the host's
            self.first = new
        else:
            if self.dims[1:] != (1, 1) or not self.layers or not self.layers[-1].linear:
                raise ValueError(
                    f"`{name}`: reshapes an image of {self.dims} to {new}; only features become one"
                )
            self.layers[-1].pixels, self.layers[-1].apart = new[1] * new[2], self.parts
        self.dims = new


def canonical(sizes: tuple[int, ...]) -> Dims:
    """(C,H,W) of (C), (C,L) or (C,H,W)."""
    rows, columns = ((1, 1), (1, *sizes[1:]), sizes[1:])[len(sizes) - 1] if len(sizes) <= 3 else (0, 0)
    return sizes[0], rows, columns


def _per_channel(module: nn.Module) -> bool:
    name = "constant" if isinstance(module, Arithmetic) else "weight"
    value = getattr(module, name, None)
    return isinstance(value, torch.Tensor) and value.numel() > 1


def _span(module: nn.Module, span: Range) -> Range:
    """Least and greatest value that a function makes of values in span."""
    if _per_channel(module) or isinstance(module, NORMS):
        return _ALL
    ends = module(torch.tensor(span))
    low, high = float(ends.min()), float(ends.max())
    return (low, high) if low < high else _ALL  # nan, of inf * 0, is no bound either


def _differs(chain: fx.GraphModule, layer: Layer) -> bool:
    """Whether the bias of features that become an image is not one per channel."""
    bias = getattr(chain.get_submodule(layer.name), "bias", None)
    if bias is None:
        return False
    rows = bias.detach().reshape(-1, layer.pixels)
    return bool((rows != rows[:, :1]).any())
