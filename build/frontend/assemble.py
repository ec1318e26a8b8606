# SPDX-License-Identifier: Apache-2.0
"""The layers of a network as they are found, in the order in which they are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onnx import NodeProto

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.network import Layer, Network
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.view import View

Image = tuple[int, Quantizer]  # its number, and the quantizer of its integers


class Assembler:
    """Layers from an input whose tensor holds an image as `view` says."""

    def __init__(self, view: View, asked: Quantizer | None = None) -> None:
        self.view, self.dims = view, view.dims
        self.source: Quantizer | None = None
        self.asked = asked  # of the input, where a layer takes it before a quantizer has come
        self.layers: list[Layer] = []
        self.notes: list[str] = []
        self._entered: tuple[object, ...] | None = None
        self._made: dict[int, tuple[object, Image]] = {}

    def quantize_input(self, node: NodeProto, quantizer: Quantizer) -> None:
        if quantizer.step:
            raise UnsupportedError.at(node, "truncates the input; a Quant node must quantize it first")
        if self.source not in (None, quantizer):
            raise UnsupportedError.at(
                node, f"quantizes the input to {quantizer}, another node to {self.source}; one is supported"
            )
        self.source = quantizer

    def quantize_asked(self, node: NodeProto) -> Quantizer:
        """What the input is quantized to where the file does not say. UnsupportedError where nothing does."""
        if self.asked is None:
            raise UnsupportedError.at(
                node, "its input is not quantized; put a Quant or QuantizeLinear node before it, or say how "
                "it comes in, as by --input u8:0.00390625",
            )  # fmt: skip
        self.quantize_input(node, self.asked)
        return self.asked

    def note(self, line: str) -> None:
        """Something to know of the network, said once."""
        if line not in self.notes:
            self.notes.append(line)

    def enter(self, view: View, host: tuple[object, ...]) -> View:
        """The view of a first layer. Before it the host orders the axes: the tensor's own are the image's."""
        image = view if "CHW" in view.axes else View.of(view.shape)
        order = tuple(a for axis in view.axes for a in axis if a != "N" and view.dims["CHW".index(a)] > 1)
        entered = (image.dims, order, host)
        if self._entered not in (None, entered):
            first, other = ("x".join(map(str, dims)) for dims in (self.dims, image.dims))
            raise UnsupportedError(
                f"the input is read as {first} and, otherwise, as {other}; reshape it, and compute what "
                "stands before its quantizer, once, before it branches"
            )
        self._entered, self.dims = entered, image.dims
        return image

    @property
    def as_in_file(self) -> bool:
        """The image lies as the input's tensor does, and the host computes nothing before it."""
        straight = tuple(a for a in "CHW" if self.view.dims["CHW".index(a)] > 1)
        return self._entered is not None and self._entered[1:] == (straight, ())

    def add(self, layer: Layer) -> Image:
        """Append a layer."""
        self.layers.append(layer)
        return len(self.layers), layer.target

    def once(self, part: object, make: Callable[[], Image]) -> Image:
        """The image of what several readers take, made for the first of them."""
        if id(part) not in self._made:
            self._made[id(part)] = (part, make())
        return self._made[id(part)][1]

    def _needed(self, image: int) -> int:
        """Without layers that nothing reads since a later one computes them too; the output's number then."""
        while (
            dead := set(range(1, len(self.layers) + 1)) - {image} - {i for x in self.layers for i in x.inputs}
        ):
            left = [i for i in range(1, len(self.layers) + 1) if i not in dead]
            number = {0: 0, **{i: k + 1 for k, i in enumerate(left)}}
            layers = (self.layers[i - 1] for i in left)
            self.layers = [replace(x, inputs=tuple(number[i] for i in x.inputs)) for x in layers]
            image = number[image]
        return image

    def finish(self, image: int, current: Quantizer | None, view: View) -> Network:
        """All layers, where such an image is the output. UnsupportedError where the graph ends too early."""
        if self.asked not in (None, self.source):
            raise UnsupportedError(
                f"the file quantizes its input to {self.source}, not to {self.asked}; leave --input away"
            )
        if current is None or self.source is None:
            raise UnsupportedError("nothing is quantized; put Quant or QuantizeLinear nodes into the network")
        if not self.layers:
            raise UnsupportedError("no layer between the input and the output")
        image = self._needed(image)
        used = sorted({i for layer in self.layers for i in layer.inputs})
        if used != list(range(len(self.layers))) or image != len(self.layers):
            raise UnsupportedError("the output is also an input of a layer; one that is none is supported")
        if not view.canonical:
            self.notes.append(
                "the output leaves the accelerator as (H,W,C); the host orders it as the file does"
            )
        return Network(self.source, self.dims, tuple(self.layers), tuple(self.notes))
