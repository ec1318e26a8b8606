# SPDX-License-Identifier: Apache-2.0
"""Put what is read along the chain together into layers.

Upsampling, pixel shuffling and padding wait until the next linear node, which takes them into its weights.
Where none comes, a layer that passes every channel on does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.linear import Linear, Pads, identity
from fpgan.build.frontend.linear_nodes import LinearNode
from fpgan.build.frontend.network import Network, QuantLayer
from fpgan.build.frontend.pointwise import Pointwise
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import is_unbounded, resolve_unbounded
from fpgan.build.frontend.view import View
from fpgan.build.passes.errors import UnsupportedError

Absorb = Callable[[Linear], Linear]
_LEVELS = 256
_IDEMPOTENT = ("ROUND", "HALF_UP", "HALF_DOWN")


@dataclass
class _Part:
    """A layer whose quantizer has not come yet."""

    name: str
    linear: Linear
    weight_scale: NDArray[np.float32]
    bias: NDArray[np.float32] | None = None
    ops: list[str] = field(default_factory=list)
    functions: list[Pointwise] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    channels: NDArray[np.int64] | None = None  # of the view, for each channel of the linear part


class Assembler:
    """The state of a walk along the chain; `view` is the image in the tensor that was reached."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.dims = view.dims
        self.source: Quantizer | None = None
        self.current: Quantizer | None = None
        self.layers: list[QuantLayer] = []
        self.part: _Part | None = None
        self.pending: list[tuple[str, Absorb]] = []
        self.notes: list[str] = []

    # -- layers -------------------------------------------------------------------------------------
    def linear_view(self, node: NodeProto) -> View:
        """The view that a linear node takes: channels first."""
        if self.current is None:
            raise UnsupportedError.at(
                node, "its input is not quantized; a Quant or QuantizeLinear node must quantize it first"
            )
        if self.part is not None:
            raise UnsupportedError.at(node, f"no quantizer between this and {self.part.name} before it")
        self._begin()
        return self.view

    def _begin(self) -> None:
        """Before the first layer the host orders the axes: the tensor's own are the image's."""
        if not self._begun:
            self.view = View.of(self.view.shape) if "CHW" not in self.view.axes else self.view
            self.dims = self.view.dims

    def add_linear(self, node: NodeProto, read: LinearNode) -> None:
        """Open a layer."""
        linear = self._absorbed(read.linear)
        self.view = read.after
        notes = [*read.notes, *(name for name, _ in self.pending)]
        self.part = _Part(_name(node), linear, read.scale, read.bias, [node.op_type], notes=notes)
        self.pending = []

    def _absorbed(self, linear: Linear) -> Linear:
        for _, absorb in reversed(self.pending):
            linear = absorb(linear)
        return linear

    def add_function(self, node: NodeProto, function: Pointwise) -> None:
        if self.current is None:
            raise UnsupportedError.at(node, "the input must be quantized before anything is done to it")
        if self.part is None:
            self._open_identity(node)
        assert self.part is not None
        self.part.functions.append(function.mapped(self.part.channels))
        self.part.ops.append(function.op)

    def quantize(self, node: NodeProto, quantizer: Quantizer) -> None:
        """Close the layer, or set what the input is quantized to."""
        if self.current is None:
            if quantizer.step:
                raise UnsupportedError.at(node, "truncates the input; a Quant node must quantize it first")
            self.source = self.current = quantizer
            return
        if self.part is None:
            if quantizer == self.current and (quantizer.bipolar or quantizer.rounding in _IDEMPOTENT):
                return
            self._open_identity(node)
        self._close(node, quantizer)

    def _open_identity(self, node: NodeProto) -> None:
        self._begin()
        before = self.pending
        self.pending = []
        linear = identity(self.view.dims[0], self.view.size)
        for _, absorb in reversed(before):
            linear = absorb(linear)
        notes = ["passes channels on", *(name for name, _ in before)]
        self.part = _Part(_name(node), linear, np.ones((), np.float32), notes=notes)

    def _close(self, node: NodeProto, quantizer: Quantizer) -> None:
        part = self.part
        assert part is not None and self.current is not None
        try:
            linear = part.linear.settled()
        except ValueError as error:
            raise UnsupportedError(f"layer {part.name}: {error}") from None
        layer = QuantLayer(
            part.name, (*part.ops, node.op_type), linear, np.asarray(part.weight_scale, np.float32),
            part.bias, tuple(part.functions), self.current, quantizer, tuple(part.notes),
        )  # fmt: skip
        if is_unbounded(quantizer):
            layer = replace(layer, target=_reached(node, layer))
        self.layers.append(layer)
        self.part, self.current = None, layer.target

    def finish(self) -> Network:
        """All layers. UnsupportedError where the graph ends too early."""
        if self.current is None or self.source is None:
            raise UnsupportedError("nothing is quantized; put Quant or QuantizeLinear nodes into the network")
        if self.part is not None:
            raise UnsupportedError(
                f"layer {self.part.name} ({self.part.ops[0]}): no quantizer after it; put one at the output"
            )
        if self.pending:
            self._open_identity(NodeProto(op_type="Identity", name=f"{self.pending[-1][0]} at the end"))
            self._close(NodeProto(op_type="Identity"), self.current)
        if not self.layers:
            raise UnsupportedError("no layer between the input and the output")
        if not self.view.canonical:
            self.notes.append(
                "the output leaves the accelerator as (H,W,C); the host orders it as the file does"
            )
        return Network(self.source, self.dims, tuple(self.layers), tuple(self.notes))

    # -- what waits for the next layer ------------------------------------------------------------------
    def upsample(self, factor: tuple[int, int]) -> None:
        if factor != (1, 1):
            self._begin()
            c, h, w = self.view.dims
            self.view = self.view.resized((c, h * factor[0], w * factor[1]))
            self.pending.append((f"upsampling by {factor[0]}x{factor[1]}", lambda x: x.upsampled(factor)))

    def shuffle(self, factor: int, crd: bool) -> None:
        self._begin()
        c, h, w = self.view.dims
        count = c // factor**2
        self.view = self.view.resized((count, h * factor, w * factor))
        self.pending.append((f"pixel shuffle by {factor}", lambda x: x.shuffled(factor, crd)))
        if self.part is not None:
            index = np.arange(c)
            after = index // factor**2 if crd else index % count
            self.part.channels = after if self.part.channels is None else after[self.part.channels]

    def pad(self, node: NodeProto, pads: Pads) -> None:
        """Zeros around the image."""
        if self.part is not None:
            raise UnsupportedError.at(
                node, "pads between a layer and its quantizer; pad behind the quantizer"
            )
        if self.current is not None:
            self._begin()
        c, h, w = self.view.dims
        self.view = self.view.resized((c, h + pads[0] + pads[2], w + pads[1] + pads[3]))
        if self.current is not None:
            self.pending.append((f"padding {pads}", lambda x: x.padded(pads)))

    def crop(self, node: NodeProto, crop: Pads) -> None:
        """Rows and columns less: of the layer before."""
        c, h, w = self.view.dims
        size = (h - crop[0] - crop[2], w - crop[1] - crop[3])
        if min(crop) < 0 or min(size) < 1:
            raise UnsupportedError.at(node, f"crops {h}x{w} by {crop}")
        if self.pending:
            raise UnsupportedError.at(node, f"crops after {self.pending[-1][0]}; crop behind a layer")
        self.view = self.view.resized((c, *size))
        if self.part is not None:
            self.part.linear = self.part.linear.cropped(crop)
        elif self.layers:
            last = self.layers[-1]
            self.layers[-1] = replace(last, linear=last.linear.cropped(crop).settled())

    def reshape(self, node: NodeProto, target: list[int]) -> None:
        """Reshape, Flatten, Squeeze, Unsqueeze: a change of axes, or features that become an image."""
        try:
            self.view = self.view.reshaped(target)
            return
        except ValueError:
            if len(target) not in (3, 4) or (self.view.size != (1, 1) and self._begun):
                raise
        sizes = self.view.resolved(target)
        if not self._begun:
            self.view = View.of(sizes)
            self.dims = self.view.dims
            return
        image = View.of(sizes)
        self._expand(node, image.dims)
        self.view = image

    @property
    def _begun(self) -> bool:
        return bool(self.layers or self.part or self.pending)

    def _expand(self, node: NodeProto, dims: tuple[int, int, int]) -> None:
        """Features (C*H*W) of one pixel become an image (C,H,W): positions of the kernel that made them."""
        if self.pending:
            raise UnsupportedError.at(node, f"reshapes after {self.pending[-1][0]}")
        channels, size = dims[0], (dims[1], dims[2])
        if self.part is not None:
            part = self.part
            part.linear = _expanded(node, part.linear, channels, size)
            part.weight_scale = _joined(node, part.weight_scale, channels)
            part.bias = None if part.bias is None else _joined(node, part.bias, channels)
            part.functions = [_joined_function(node, f, channels) for f in part.functions]
            return
        last = self.layers[-1]
        self.layers[-1] = replace(
            last, linear=_expanded(node, last.linear, channels, size),
            weight_scale=_joined(node, last.weight_scale, channels),
            bias=None if last.bias is None else _joined(node, last.bias, channels),
            functions=tuple(_joined_function(node, f, channels) for f in last.functions),
        )  # fmt: skip


def _expanded(node: NodeProto, linear: Linear, channels: int, size: tuple[int, int]) -> Linear:
    if linear.size != (1, 1) or linear.kernel != (1, 1):
        raise UnsupportedError.at(node, "reshapes features of more than one pixel into an image")
    weights = linear.weights.reshape(linear.weights.shape[0], channels, *size)
    return Linear(weights, (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), linear.products)


def _joined(node: NodeProto, values: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """(C*H*W) -> (C), where it is the same at every pixel of a channel."""
    if values.ndim == 0:
        return values
    rows = values.reshape(channels, -1)
    if (rows != rows[:, :1]).any():
        raise UnsupportedError.at(
            node, "the layer before has a bias or a scale per pixel; one per channel is supported "
            "(bias=False, or a ConvTranspose on a 1x1 input)",
        )  # fmt: skip
    return rows[:, 0].copy()


def _joined_function(node: NodeProto, function: Pointwise, channels: int) -> Pointwise:
    return replace(function, constants=tuple(_joined(node, c, channels) for c in function.constants))


def _reached(node: NodeProto, layer: QuantLayer) -> Quantizer:
    low, high = layer.acc_range
    ends = layer.step_function()(np.stack([low, high], 1))
    first, last = int(ends.min()), int(ends.max())
    if last - first >= _LEVELS or last == first:
        raise UnsupportedError.at(node, f"reaches {first} to {last}; 2 to {_LEVELS} levels are supported")
    return resolve_unbounded(layer.target, first, last)


def _name(node: NodeProto) -> str:
    return str(node.name or (node.output[0] if node.output else node.op_type))
