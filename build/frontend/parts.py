# SPDX-License-Identifier: Apache-2.0
"""Layers whose quantizer has not come yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.assemble import Assembler, Image
from fpgan.build.frontend.errors import UnsupportedError, layer_name
from fpgan.build.frontend.linear import IntArray, Linear, identity
from fpgan.build.frontend.network import Dims, FunctionLayer, QuantLayer, SumLayer, ThresholdLayer
from fpgan.build.frontend.pointwise import Pointwise
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import is_unbounded, resolve_unbounded
from fpgan.build.frontend.sums import proportion, real_range, separating
from fpgan.hw.system.text import brief

_LEVELS = 256


@dataclass(frozen=True, kw_only=True)
class Part(ABC):
    """Sums, and the functions of each that have come; never changed, as several readers may hold it."""

    name: str
    ops: tuple[str, ...] = ()
    functions: tuple[Pointwise, ...] = ()
    notes: tuple[str, ...] = ()
    channels: NDArray[np.int64] | None = None  # of the view, for each channel of the sums

    def then(self, function: Pointwise) -> Any:
        """With one more function, whose constants are of the view's channels."""
        mapped = function.mapped(self.channels)
        return replace(self, functions=(*self.functions, mapped), ops=(*self.ops, function.op))

    def shuffled(self, after: NDArray[np.int64]) -> Any:
        """Where channel c of the view becomes channel after[c]."""
        return replace(self, channels=after if self.channels is None else after[self.channels])

    def joined(self) -> Quantizer | None:
        """The quantizer of what needs none any more: images of one scale side by side."""
        return None

    def join(self, node: NodeProto, network: Assembler) -> Image:
        """Add the layer of what needs no quantizer any more."""
        raise UnsupportedError.at(node, f"no quantizer between this and {brief(self.name)} before it")

    def scales(self) -> str:
        """The scales that keep it from being joined, for a message."""
        return ""

    @abstractmethod
    def sums_like(self, other: Part) -> bool:
        """Whether both are functions of the same sums."""

    @abstractmethod
    def close(self, node: NodeProto, quantizer: Quantizer, network: Assembler) -> Image:
        """Add the layer, or layers, that this quantizer makes of it."""


@dataclass(frozen=True, kw_only=True)
class LinearPart(Part):
    """Of one image."""

    image: int
    source: Quantizer
    linear: Linear
    weight_scale: NDArray[np.float32]
    bias: NDArray[np.float32] | None = None
    regroup: Dims | None = None

    def sums_like(self, other: Part) -> bool:
        if not isinstance(other, LinearPart) or (self.image, self.regroup) != (other.image, other.regroup):
            return False
        one, two = (replace(part.linear, weights=None) for part in (self, other))  # type: ignore[arg-type]
        arrays = ((p.linear.weights, p.weight_scale, p.bias) for p in (self, other))
        return one == two and all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))  # type: ignore[arg-type]

    def close(self, node: NodeProto, quantizer: Quantizer, network: Assembler) -> Image:
        try:
            linear = self.linear.settled()
        except ValueError as error:
            where = layer_name(self.name, (*self.ops, node.op_type)[0])
            raise UnsupportedError(f"{where}: {error}") from None
        layer = QuantLayer(
            name=self.name, ops=(*self.ops, node.op_type), inputs=(self.image,), sources=(self.source,),
            target=quantizer, notes=self.notes, functions=self.functions, linear=linear,
            weight_scale=np.asarray(self.weight_scale, np.float32), bias=self.bias, regroup=self.regroup,
        )  # fmt: skip
        return network.add(_bounded(node, layer))


@dataclass(frozen=True, kw_only=True)
class FunctionPart(Part):
    """Of one image, with nothing linear between it and the functions."""

    image: int
    source: Quantizer
    dims: Dims

    def sums_like(self, other: Part) -> bool:
        return isinstance(other, FunctionPart) and self.image == other.image

    def linear(self) -> LinearPart:
        """The same as a layer that passes every channel on."""
        shared = {field.name: getattr(self, field.name) for field in fields(Part)}
        return LinearPart(
            **shared | {"notes": (*self.notes, "passes channels on")}, image=self.image, source=self.source,
            linear=identity(self.dims[0], self.dims[1:]), weight_scale=np.ones((), np.float32),
        )  # fmt: skip

    def close(self, node: NodeProto, quantizer: Quantizer, network: Assembler) -> Image:
        layer = FunctionLayer(
            name=self.name, ops=(*self.ops, node.op_type), inputs=(self.image,), sources=(self.source,),
            target=quantizer, notes=self.notes, functions=self.functions, image=self.dims,
        )  # fmt: skip
        return network.add(_bounded(node, layer))


@dataclass(frozen=True, kw_only=True)
class SumPart(Part):
    """Of two images."""

    images: tuple[int, int]
    sources: tuple[Quantizer, Quantizer]
    dims: Dims

    def sums_like(self, other: Part) -> bool:
        return isinstance(other, SumPart) and (self.images, self.dims) == (other.images, other.dims)

    def close(self, node: NodeProto, quantizer: Quantizer, network: Assembler) -> Image:
        factors = proportion(self.sources)
        layer = SumLayer(
            name=self.name, ops=(*self.ops, node.op_type), inputs=self.images, sources=self.sources,
            target=quantizer, notes=self.notes, functions=self.functions, factors=factors or (1, 1),
            image=self.dims,
        )  # fmt: skip
        if factors is not None:
            return network.add(_bounded(node, layer))
        channels = 1 if all(c.ndim == 0 for f in self.functions for c in f.constants) else self.dims[0]
        steps = layer.steps_of_values(channels)
        target = _target(node, quantizer, steps(real_range(self.sources)))
        steps = replace(layer, target=target).steps_of_values(channels)
        try:
            factors, worth = separating(self.sources, steps)
        except ValueError as error:
            raise UnsupportedError.at(node, f"behind {brief(self.name)}, which {error}") from None
        return network.add(replace(layer, target=target, factors=factors, worth=worth))


def _bounded(node: NodeProto, layer: Any) -> ThresholdLayer:
    """The layer; a quantizer that does not clamp gets the range that is reached."""
    if not is_unbounded(layer.target):
        return layer  # type: ignore[no-any-return]
    ends = layer.step_function()(np.stack(layer.acc_range, 1))
    return replace(layer, target=_target(node, layer.target, ends))  # type: ignore[no-any-return]


def _target(node: NodeProto, quantizer: Quantizer, ends: IntArray) -> Quantizer:
    """The quantizer, with the range that is reached between these ends where it does not clamp."""
    if not is_unbounded(quantizer):
        return quantizer
    first, last = int(ends.min()), int(ends.max())
    if last - first >= _LEVELS or last == first:
        raise UnsupportedError.at(node, f"reaches {first} to {last}; 2 to {_LEVELS} levels are supported")
    return resolve_unbounded(quantizer, first, last)
