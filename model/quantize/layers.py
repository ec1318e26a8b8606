# SPDX-License-Identifier: Apache-2.0
"""Where the quantizers go: one behind each layer and what is applied to each of its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import fx, nn

from fpgan.model.quantize.ops import INPUT, LINEAR, NORMS, POINTWISE, QUANTIZED, Arithmetic, Sum
from fpgan.model.quantize.spatial import Pad, Reshape

Range = tuple[float, float]
Dims = tuple[int, int, int]
_ALL = (-math.inf, math.inf)


@dataclass
class Layer:
    """A linear module, a join, a blend or neither, and what follows up to the place of its quantizer."""

    name: str  # of the linear module, the join or the blend, else of the first function
    linear: bool
    end: str  # of the module behind which the quantizer stands
    before: str = INPUT  # the same of the layer in front of it
    span: Range = _ALL  # of the values there
    norm: str = ""  # of a BatchNorm right behind the linear module, which can take its bias
    pixels: int = 1  # of the image that its features become
    apart: bool = False  # whether these differ from each other in more than their weights


@dataclass(frozen=True)
class Layers:
    """The layers of a graph, the last one's image coming out, and (C,H,W) of what goes in and comes out."""

    layers: list[Layer]
    dims: Dims
    image: Dims


@dataclass(frozen=True)
class _State:
    """Of a tensor; dims is (C,H,W) of the image in it."""

    dims: Dims
    layer: Layer | None = None  # the last one on the way
    open: bool = False  # whether its quantizer has not come
    moved: str = ""  # what picks or pads pixels since
    parts: bool = False  # whether a function since then differs from channel to channel
    shuffled: bool = False  # whether its channels are no longer the layer's
    begun: bool = False

    @property
    def end(self) -> str:
        return self.layer.end if self.layer else INPUT


def split(graph: fx.GraphModule, shape: tuple[int, ...]) -> Layers:
    """The layers of a graph whose input is (N, *shape). ValueError names what no layer can hold.

    A quantizer stands in front of linear modules, joins and blends, and where a tensor has several readers.
    """
    walk = _Walk(shape)
    values = {n: torch.zeros(1, *shape) for n in graph.graph.nodes if n.op == "placeholder"}
    states = {node: walk.start for node in values}
    last = walk.start
    with torch.no_grad():
        for node in graph.graph.nodes:
            if node.op == "call_module":
                name, module = str(node.target), graph.get_submodule(str(node.target))
                values[node] = module(*(values[n] for n in node.args))
                before = [_read(states[n], len(n.users)) for n in node.args]
                last = states[node] = walk.step(name, module, before, tuple(values[node].shape[1:]))
    for layer in walk.layers:
        layer.apart = layer.apart or (layer.pixels > 1 and _differs(graph, layer))
    return Layers(walk.layers, walk.first, last.dims)


def _read(state: _State, readers: int) -> _State:
    """As one of so many readers finds it."""
    return state if readers == 1 else replace(state, open=False, moved="", parts=False)


class _Walk:
    """Collects layers, module by module."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.layers: list[Layer] = []
        self.first = canonical(shape)
        self.start = _State(self.first)

    def step(self, name: str, module: nn.Module, before: list[_State], sizes: tuple[int, ...]) -> _State:
        """What a module makes of its inputs, of these sizes without the batch."""
        state = before[0]
        if isinstance(module, Reshape):
            return self._reshape(name, state, module.sizes)
        if isinstance(module, QUANTIZED):
            state = self._open(Layer(name, False, name, span=_joined(module, before)))
        elif isinstance(module, LINEAR):
            state = self._open(Layer(name, True, name, state.end))
        elif isinstance(module, (*NORMS, *POINTWISE)):
            state = self._function(name, module, state)
        else:
            shuffled = state.shuffled or isinstance(module, nn.PixelShuffle)
            moves = isinstance(module, Pad) or (isinstance(module, nn.Upsample) and module.size is not None)
            moved = name if moves and state.open else state.moved
            state = replace(state, begun=True, shuffled=shuffled, moved=moved)
        if len(sizes) > 1 or isinstance(module, LINEAR):
            return replace(state, dims=canonical(sizes))
        return replace(state, dims=before[0].dims)

    def _open(self, layer: Layer) -> _State:
        self.layers.append(layer)
        return _State(self.first, layer, open=True, begun=True)

    def _function(self, name: str, module: nn.Module, state: _State) -> _State:
        if state.moved:
            raise ValueError(
                f"`{state.moved}`: pads or picks pixels in front of `{name}`; do that behind the activation"
            )
        if not state.open:
            state = self._open(Layer(name, False, name, state.end))
        layer = state.layer
        assert layer is not None
        if isinstance(module, NORMS) and layer.linear and layer.end == layer.name and not state.shuffled:
            layer.norm = name
        layer.end, layer.span = name, _span(module, layer.span)
        return replace(state, parts=state.parts or _per_channel(module))

    def _reshape(self, name: str, state: _State, sizes: tuple[int, ...]) -> _State:
        new = canonical(sizes)
        if len(sizes) == 1 or new == state.dims:
            return state
        if not state.begun:  # the host's
            self.first = new
            return replace(state, dims=new)
        if state.dims[1:] != (1, 1) or not state.open or state.layer is None or not state.layer.linear:
            raise ValueError(
                f"`{name}`: reshapes an image of {state.dims} to {new}; only features become one"
            )
        state.layer.pixels, state.layer.apart = new[1] * new[2], state.parts
        return replace(state, dims=new)


def _joined(module: nn.Module, before: list[_State]) -> Range:
    """Of what a sum, a concatenation or a blend puts out."""
    spans = [state.layer.span if state.layer else _ALL for state in before]
    lows, highs = zip(*spans, strict=True)
    return (sum(lows), sum(highs)) if isinstance(module, Sum) else (min(lows), max(highs))


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


def _differs(graph: fx.GraphModule, layer: Layer) -> bool:
    """Whether the bias of features that become an image is not one per channel."""
    bias = getattr(graph.get_submodule(layer.name), "bias", None)
    if bias is None:
        return False
    rows = bias.detach().reshape(-1, layer.pixels)
    return bool((rows != rows[:, :1]).any())
