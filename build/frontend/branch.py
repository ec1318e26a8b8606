# SPDX-License-Identifier: Apache-2.0
"""What one reader of a tensor finds there.

Upsampling, pixel shuffling and padding wait until the next linear node, which takes them into its weights.
Where none comes, a layer that passes every channel on does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import NodeProto

from fpgan.build.frontend.assemble import Assembler
from fpgan.build.frontend.errors import UnsupportedError, layer_name, node_name
from fpgan.build.frontend.features import as_image, cropped, pixelwise
from fpgan.build.frontend.linear import Linear, Pads
from fpgan.build.frontend.linear_nodes import LinearNode
from fpgan.build.frontend.network import Network, QuantLayer
from fpgan.build.frontend.parts import FunctionPart, LinearPart, Part
from fpgan.build.frontend.pointwise import Pointwise
from fpgan.build.frontend.quantizers import IDEMPOTENT, Quantizer, passed
from fpgan.build.frontend.select_layer import SelectLayer
from fpgan.build.frontend.view import View
from fpgan.hw.system.text import brief


@dataclass(frozen=True)
class Pending:
    """Work for the next linear node."""

    name: str
    absorb: Callable[[Linear], Linear]
    pads: bool = False


@dataclass
class Branch:
    """An image, the quantizer of its integers, and what has been done to it since; `view`: the result."""

    network: Assembler
    view: View
    image: int = 0
    current: Quantizer | None = None  # None: floats that come in
    part: Part | None = None
    pending: tuple[Pending, ...] = ()
    host: tuple[object, ...] = ()  # what is done to the input before the first layer, but for its axes' order
    shared: bool = False  # whether others read the image too

    @classmethod
    def at_input(cls, network: Assembler, quantizer: Quantizer | None = None) -> Branch:
        """The input's tensor, quantized already or not."""
        if quantizer is not None:
            network.source = quantizer
        return cls(network, network.view, current=quantizer)

    def copy(self, shared: bool) -> Branch:
        """For another reader."""
        return replace(self, shared=self.shared or shared)

    @property
    def begun(self) -> bool:
        return bool(self.image or self.part or self.pending)

    def begin(self) -> None:
        """The image's axes, where this is still the input."""
        if not self.begun:
            self.view = self.network.enter(self.view, self.host)

    # -- layers -------------------------------------------------------------------------------------
    def linear_view(self, node: NodeProto) -> View:
        """The view that a linear node takes: channels first."""
        self.settle(node)
        self.require(node)
        self.check_quantized(node)
        self.begin()
        return self.view

    def require(self, node: NodeProto) -> None:
        """A quantizer of the input, where none has come yet: the one that was asked for."""
        if self.current is None:
            self.current = self.network.quantize_asked(node)

    def on_host(self, node: NodeProto) -> None:
        """What is done to an input that is not quantized yet."""
        if self.begun:
            raise UnsupportedError.at(node, f"behind {self.pending[-1].name}, before the input is quantized")
        self.host = (*self.host, node.output[0])

    def check_quantized(self, node: NodeProto) -> None:
        """UnsupportedError where a quantizer must still come."""
        if self.part is None or self.part.joined() is not None:
            return
        if scales := self.part.scales():
            raise UnsupportedError.at(
                node,
                f"{brief(self.part.name)} before it joins images of scales {scales}; give both one "
                "quantizer, or put one behind it",
            )
        raise UnsupportedError.at(node, f"no quantizer between this and {brief(self.part.name)} before it")

    def add_linear(self, node: NodeProto, read: LinearNode) -> None:
        """Open a layer."""
        assert self.current is not None
        self._open(LinearPart(
            name=node_name(node), ops=(node.op_type,), notes=read.notes, image=self.image,
            source=self.current, linear=read.linear, weight_scale=read.scale, bias=read.bias,
        ))  # fmt: skip
        self.view = read.after

    def open_function(self, node: NodeProto) -> None:
        """A layer for functions, where none is open: with what waits in it, if there is anything."""
        if self.part is not None:
            return
        self.begin()
        assert self.current is not None
        part = FunctionPart(name=node_name(node), image=self.image, source=self.current, dims=self.view.dims)
        if self.pending:
            self._open(part.linear())
        else:
            self.part = part

    def _open(self, part: LinearPart) -> None:
        linear = part.linear
        for waiting in reversed(self.pending):
            linear = waiting.absorb(linear)
        notes = (*part.notes, *(waiting.name for waiting in self.pending))
        self.part, self.pending = replace(part, linear=linear, notes=notes), ()

    def add_function(self, node: NodeProto, function: Pointwise) -> None:
        self.open_function(node)
        assert self.part is not None
        self.part = self.part.then(function)

    def quantize(self, node: NodeProto, quantizer: Quantizer) -> None:
        """Close the layer, or set what the input is quantized to."""
        if self.current is None:
            self.network.quantize_input(node, quantizer)
            self.current = quantizer
            return
        if self.settled == quantizer and (quantizer.bipolar or quantizer.rounding in IDEMPOTENT):
            self.settle(node)
            return
        self.open_function(node)
        self._close(node, quantizer)

    def _close(self, node: NodeProto, quantizer: Quantizer) -> None:
        assert self.part is not None
        self.image, self.current = self.part.close(node, quantizer, self.network)
        self.part, self.shared = None, False

    @property
    def settled(self) -> Quantizer | None:
        """The quantizer of its integers; None where one must still come."""
        return self.current if self.part is None else self.part.joined()

    def settle(self, node: NodeProto) -> None:
        """Build a concatenation that needs no quantizer."""
        part = self.part
        if part is not None and part.joined() is not None:
            self.image, self.current = self.network.once(part, lambda: part.join(node, self.network))
            self.part, self.shared = None, True

    def materialize(self, node: NodeProto) -> None:
        """Nothing waits for the next layer any more; a quantizer has come."""
        self.settle(node)
        self.begin()
        assert self.part is None and self.current is not None
        if self.pending:
            target = passed(self.current, any(p.pads for p in self.pending))
            self.open_function(node)
            self._close(node, target)

    def finish(self) -> Network:
        """The whole network, where this is the output. UnsupportedError where the graph ends too early."""
        self.settle(NodeProto(op_type="Identity", name="output"))
        if self.part is not None:
            where = layer_name(self.part.name, self.part.ops[0])
            raise UnsupportedError(
                f"{where}: no quantizer after it; put one at the output, or ask for one, as by "
                "--output s8:0.0078125"
            )
        if self.pending:
            self.materialize(NodeProto(op_type="Identity", name=f"{self.pending[-1].name} at the end"))
        return self.network.finish(self.image, self.current, self.view)

    # -- what waits for the next layer ------------------------------------------------------------------
    def upsample(self, factor: tuple[int, int]) -> None:
        if factor != (1, 1):
            self.begin()
            c, h, w = self.view.dims
            self.view = self.view.resized((c, h * factor[0], w * factor[1]))
            self._wait(f"upsampling by {factor[0]}x{factor[1]}", lambda x: x.upsampled(factor))

    def shuffle(self, factor: int, crd: bool) -> None:
        self.begin()
        c, h, w = self.view.dims
        count = c // factor**2
        self.view = self.view.resized((count, h * factor, w * factor))
        self._wait(f"pixel shuffle by {factor}", lambda x: x.shuffled(factor, crd))
        if self.part is not None:
            index = np.arange(c)
            self.part = self.part.shuffled(index // factor**2 if crd else index % count)

    def _wait(self, name: str, absorb: Callable[[Linear], Linear], pads: bool = False) -> None:
        self.pending = (*self.pending, Pending(name, absorb, pads))

    def pad(self, node: NodeProto, pads: Pads) -> None:
        """Zeros around the image."""
        self.settle(node)
        if self.part is not None:
            raise UnsupportedError.at(
                node, "pads between a layer and its quantizer; pad behind the quantizer"
            )
        c, h, w = self.view.dims
        if self.current is None:
            self.host = (*self.host, pads)
        else:
            self.begin()
            self._wait(f"padding {pads}", lambda x: x.padded(pads), True)
        self.view = self.view.resized((c, h + pads[0] + pads[2], w + pads[1] + pads[3]))

    def crop(self, node: NodeProto, crop: Pads) -> None:
        """Rows and columns less: of the layer before."""
        c, h, w = self.view.dims
        size = (h - crop[0] - crop[2], w - crop[1] - crop[3])
        if min(crop) < 0 or min(size) < 1:
            raise UnsupportedError.at(node, f"crops {h}x{w} by {crop}")
        if self.pending:
            raise UnsupportedError.at(node, f"crops after {self.pending[-1].name}; crop behind a layer")
        if self.begun:
            self._rewrite(node, lambda x: cropped(x, crop), "crops")
        else:
            self.host = (*self.host, crop)
        self.view = self.view.resized((c, *size))

    def select(self, node: NodeProto, rows: tuple[int, ...], cols: tuple[int, ...]) -> None:
        """Some of its rows and columns, in any order: of an image."""
        c, h, w = self.view.dims
        if (rows, cols) == (tuple(range(h)), tuple(range(w))):
            return
        if self.current is None and not self.begun:
            self.host = (*self.host, rows, cols)
        else:
            self.require(node)
            self.check_quantized(node)
            self.materialize(node)
            assert self.current is not None
            self.image, self.current = self.network.add(SelectLayer(
                name=node_name(node), ops=(node.op_type,), inputs=(self.image,), sources=(self.current,),
                target=self.current, image=(c, h, w), rows=rows, cols=cols,
            ))  # fmt: skip
            self.shared = False
        self.view = self.view.resized((c, len(rows), len(cols)))

    def reshape(self, node: NodeProto, target: list[int]) -> None:
        """Reshape, Flatten, Squeeze, Unsqueeze: a change of axes, or features that become an image."""
        try:
            self.view = self.view.reshaped(target)
            return
        except ValueError:
            if len(target) not in (3, 4) or (self.view.size != (1, 1) and self.begun):
                raise
        image = View.of(self.view.resolved(target))
        if image.batch != self.view.batch:
            raise UnsupportedError.at(node, f"reshapes {list(self.view.shape)} to {brief(target)}")
        if not self.begun:
            self.host = (*self.host, self.view.axes, tuple(target))
        elif self.pending:
            raise UnsupportedError.at(node, f"reshapes after {self.pending[-1].name}")
        else:
            self._rewrite(node, lambda x: as_image(x, image.dims), "reshapes")
        self.view = image

    def _rewrite(self, node: NodeProto, change: Callable[[Any], Any], what: str) -> None:
        """Change what the layer puts out that made the image; one of its own where others read that too."""
        self.settle(node)
        if isinstance(self.part, FunctionPart):
            self.part = self.part.linear()
        if isinstance(self.part, LinearPart):
            self.part = pixelwise(change(self.part))
        elif self.part is not None:
            raise UnsupportedError.at(
                node,
                f"{what} between {brief(self.part.name)} and its quantizer; do that behind the quantizer",
            )
        elif self.image and not self.shared and isinstance(self.network.layers[self.image - 1], QuantLayer):
            changed = change(self.network.layers[self.image - 1])
            self.network.layers[self.image - 1] = replace(changed, linear=changed.linear.settled())
        else:
            assert self.current is not None
            part = FunctionPart(
                name=node_name(node), image=self.image, source=self.current, dims=self.view.dims
            )
            self.part = change(part.linear())
            self._close(node, passed(self.current, False))
