# SPDX-License-Identifier: Apache-2.0
"""What is between a quantizer and the integers of which it makes others, as functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.steps import counted
from fpgan.build.dataflow.thresholds import find_thresholds
from fpgan.build.finn.images import Image, Images
from fpgan.build.frontend.constants import Constants, attribute, text
from fpgan.build.frontend.errors import UnsupportedError, node_name
from fpgan.build.frontend.linear_nodes import read_linear
from fpgan.build.frontend.network import FunctionLayer, QuantLayer, SumLayer, ThresholdLayer
from fpgan.build.frontend.pointwise import POINTWISE, Pointwise, read_pointwise
from fpgan.build.frontend.quantized_constants import scaled_constant
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.sums import proportion
from fpgan.build.frontend.view import View
from fpgan.build.frontend.weight_scales import per_output

LINEAR = ("Conv", "ConvTranspose", "MatMul", "Gemm")


def output_axis(node: NodeProto) -> int:
    """Of a linear node's weights: where its output channels are counted."""
    return 0 if node.op_type == "Conv" or attribute(node, "transB", 0) else 1


@dataclass(frozen=True)
class Chain:
    """start (a linear node, the Add of two images; none for an image) -> functions -> shuffle -> functions.

    functions: of the channels of what `start` makes. weights: integers, as a linear node lays them out.
    factors: of the two images of a sum. layer: what the thresholds are of, with any target.
    """

    images: tuple[Image, ...]
    functions: tuple[Pointwise, ...]
    shuffle: NodeProto | None
    start: NodeProto | None = None
    weights: NDArray[np.int64] | None = None
    factors: tuple[int, int] = (1, 1)
    layer: Callable[[Quantizer], ThresholdLayer] | None = None

    @classmethod
    def behind(cls, node: NodeProto, model: ModelWrapper, images: Images) -> Chain:
        """That of a quantizer. UnsupportedError where there is none whose integers are known."""
        return _Walk(node, model, images).chain()

    def unchanged(self, target: Quantizer) -> bool:
        """Whether the quantizer finds integers that it leaves as they are."""
        alone = self.start is None and not self.functions and self.shuffle is None
        return alone and self.images[0].quantizer == target

    def thresholds(self, node: NodeProto, target: Quantizer) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Those of each channel (C, counted levels - 1), and channels (C) whose integers are to be negated.

        Raises NotMonotoneError.
        """
        if self.layer is not None:
            layer = self.layer(target)
            return find_thresholds(layer.step_function(), *layer.acc_range, counted(target))
        found, first = [], 0
        for source, channels in self.images[0].parts:
            part = FunctionLayer(
                name=node_name(node), ops=(node.op_type,), inputs=(0,), sources=(source,), target=target,
                functions=tuple(each.sliced(first, first + channels) for each in self.functions),
                image=(channels, 1, 1),
            )  # fmt: skip
            found.append(find_thresholds(part.step_function(), *part.acc_range, counted(target)))
            first += channels
        return np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])


@dataclass
class _Walk:
    """From a quantizer back."""

    node: NodeProto
    model: ModelWrapper
    images: Images

    @property
    def constants(self) -> Constants:
        return self.images.constants

    def chain(self) -> Chain:
        between, tensor = list[NodeProto](), self.node.input[0]
        while tensor not in self.images.known:
            maker = self.model.find_producer(tensor)
            if maker is None or not self._read_once(tensor):
                raise self._unknown()
            if maker.op_type in LINEAR and maker.input[0] in self.images.known:
                return self._linear(maker, between)
            if maker.op_type == "Add" and all(name in self.images.known for name in maker.input):
                return self._sum(maker, between)
            named = [name for name in maker.input if name and self.constants.get(name) is None]
            if len(named) != 1 or maker.op_type not in (*POINTWISE, "DepthToSpace"):
                raise self._unknown()
            between.insert(0, maker)
            (tensor,) = named
        view = View.of(self.model.get_tensor_shape(tensor))
        return Chain((self.images.known[tensor],), *self._functions(between, view))

    def _unknown(self) -> UnsupportedError:
        what = "is behind no layer with integer weights and a quantized input, and no quantized image"
        return UnsupportedError.at(self.node, what)

    def _read_once(self, tensor: str) -> bool:
        outputs = {output.name for output in self.model.graph.output}
        return len(self.model.find_consumers(tensor)) == 1 and tensor not in outputs

    def _functions(
        self, between: list[NodeProto], view: View
    ) -> tuple[tuple[Pointwise, ...], NodeProto | None]:
        """Nodes as functions of the channels in front of a DepthToSpace, and that node."""
        shuffle: NodeProto | None = None
        channels: NDArray[np.int64] | None = None
        found = list[Pointwise]()
        for node in between:
            if node.op_type != "DepthToSpace":
                found.append(read_pointwise(node, self.constants, view).mapped(channels))
                continue
            if shuffle is not None:
                raise UnsupportedError.at(node, "is the second behind one layer; one is supported")
            shuffle = node
            channels, view = _shuffled(node, view), View.of(self.model.get_tensor_shape(node.output[0]))
        return tuple(found), shuffle

    def _linear(self, start: NodeProto, between: list[NodeProto]) -> Chain:
        image = self.images.known[start.input[0]]
        source = image.quantizer
        if source is None:
            scales = " and ".join(f"{quantizer.scale:.6g}" for quantizer, _ in image.parts)
            raise UnsupportedError.at(start, f"has an input of scales {scales}; give them one quantizer")
        read = read_linear(start, self.constants, View.of(self.model.get_tensor_shape(start.input[0])))
        weights = scaled_constant(start.input[1], self.constants)
        assert weights is not None  # else read_linear had refused it
        groups = int(attribute(start, "group", 1)) if start.op_type == "ConvTranspose" else 1
        integers, _ = per_output(start, weights, output_axis(start), groups)
        functions, shuffle = self._functions(between, read.after)

        def layer(target: Quantizer) -> ThresholdLayer:
            return QuantLayer(
                **self._described(start), inputs=(0,), sources=(source,), target=target, functions=functions,
                linear=read.linear, weight_scale=read.scale, bias=read.bias,
            )  # fmt: skip

        return Chain((image,), functions, shuffle, start, integers, layer=layer)

    def _sum(self, start: NodeProto, between: list[NodeProto]) -> Chain:
        one, other = (self.images.known[name] for name in start.input)
        shapes = [self.model.get_tensor_shape(name) for name in start.input]
        if shapes[0] != shapes[1]:
            raise UnsupportedError.at(start, f"adds {shapes[0]} and {shapes[1]}; one shape is supported")
        if one.quantizer is None or other.quantizer is None:
            raise UnsupportedError.at(
                start, "adds an image whose channels have several scales; one is supported"
            )
        sources = (one.quantizer, other.quantizer)
        factors = proportion(sources)
        if factors is None:
            scales = " and ".join(f"{source.scale:.6g}" for source in sources)
            raise UnsupportedError.at(
                start, f"adds images of scales {scales}, which no small factors bring together; "
                "give both one quantizer"
            )  # fmt: skip
        view = View.of(self.model.get_tensor_shape(start.output[0]))
        functions, shuffle = self._functions(between, view)

        def layer(target: Quantizer) -> ThresholdLayer:
            return SumLayer(
                **self._described(start), inputs=(0, 1), sources=sources, target=target, functions=functions,
                factors=factors, image=view.dims,
            )  # fmt: skip

        return Chain((one, other), functions, shuffle, start, factors=factors, layer=layer)

    def _described(self, start: NodeProto) -> dict[str, Any]:
        return {"name": node_name(self.node), "ops": (start.op_type,)}


def _shuffled(node: NodeProto, view: View) -> NDArray[np.int64]:
    """Of each channel in front of a DepthToSpace, the channel behind it."""
    count, factor = view.dims[0], int(attribute(node, "blocksize", 0))
    behind = count // factor**2
    places = np.arange(count)
    return places // factor**2 if text(node, "mode", "DCR") == "CRD" else places % behind
