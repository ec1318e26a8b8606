# SPDX-License-Identifier: Apache-2.0
"""Quantized values of a QONNX graph, each with a tensor of the integers that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from onnx import NodeProto

from fpgan.build.finn.node_writer import NodeWriter
from fpgan.build.frontend.constants import Constants, attribute, text
from fpgan.build.frontend.quantizers import Quantizer

# What passes values on, in other places.
_PASSING = (
    "MaxPool", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Identity", "DepthToSpace",
)  # fmt: skip
_RESIZING = ("Resize", "Upsample")


@dataclass(frozen=True)
class Image:
    """Integers of a tensor, and the quantizers of its channels, each of so many channels."""

    integers: str
    parts: tuple[tuple[Quantizer, int], ...]

    @cached_property
    def quantizer(self) -> Quantizer | None:
        """One that holds all the integers; None where scales differ."""
        found = [quantizer for quantizer, _ in self.parts]
        if len({quantizer.scale for quantizer in found}) > 1:
            return None
        if all(quantizer == found[0] for quantizer in found):
            return found[0]
        low, high = min(q.low for q in found), max(q.high for q in found)
        return Quantizer(found[0].scale, low, high)


@dataclass
class Images:
    """Those of a graph, by the tensor of values. Nodes on values stay: what nothing reads goes at the end."""

    writer: NodeWriter
    constants: Constants
    known: dict[str, Image] = field(default_factory=dict)

    def visit(self, node: NodeProto) -> None:
        """Put a node that passes values on beside itself, on integers:

        a -> MaxPool -> b        a' -> MaxPool -> b'
        """
        named = [name for name in node.input if name and self.constants.get(name) is None]
        images = [self.known.get(name) for name in named]
        found = [image for image in images if image is not None]
        if not found or len(found) < len(images):
            return
        one = found[0].quantizer
        if len(found) == 1 and one is not None and _passes(node):
            channels = self._channels(node.output[0])
            self._beside(node, named, found, lambda image: replace(image, parts=((one, channels),)))
        elif node.op_type == "Concat" and attribute(node, "axis", 0) == 1 and len(named) == len(node.input):
            parts = tuple(part for image in found for part in image.parts)
            self._beside(node, named, found, lambda image: replace(image, parts=parts))

    def _beside(
        self, node: NodeProto, named: list[str], images: list[Image], made: Callable[[Image], Image]
    ) -> None:
        inputs = {name: image.integers for name, image in zip(named, images, strict=True)}
        output = self.writer.clone(node, node, inputs)
        self.known[node.output[0]] = made(replace(images[0], integers=output))

    def _channels(self, tensor: str) -> int:
        return int(self.writer.model.get_tensor_shape(tensor)[1])


def _passes(node: NodeProto) -> bool:
    if node.op_type in _RESIZING:
        return text(node, "mode", "nearest") == "nearest"
    return node.op_type in _PASSING
