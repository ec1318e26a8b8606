# SPDX-License-Identifier: Apache-2.0
"""Thresholds that are the file's own float32 function, by evaluating it, in the place of FINN's formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from finn.util.logging import log
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_shapes import InferShapes

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.steps import counted, image_type
from fpgan.build.dataflow.thresholds import NotMonotoneError
from fpgan.build.finn.float_thresholds import float_thresholds
from fpgan.build.finn.images import Image, Images
from fpgan.build.finn.node_writer import NodeWriter
from fpgan.build.finn.quantized_chain import Chain, output_axis
from fpgan.build.frontend.constants import attribute
from fpgan.build.frontend.errors import UnsupportedError, node_name
from fpgan.build.frontend.quantized_constants import FileConstants
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import is_quant, is_unbounded, quant_node

# Thresholds stand half a step below the sum that reaches them: where FINN's own quantizer is in front, its
# streamlining multiplies and divides by scales whose product is 1 but for float32's rounding, and up to here
# that moves them by less than the half.
_MOST = 1 << 20


class ExactThresholds(Transformation):
    """In a QONNX graph, before FINN converts it; s is the scale of x, t that of y:

        x' -> Mul(s) -> x -> Conv(Quant(W)) -> BatchNormalization -> Relu -> Quant -> y
        x' -> Conv(integers of W) -> MultiThreshold(integers - 1/2) -> y' -> Mul(t) -> y

    so that integers x' and y' go from layer to layer, and values only where something else reads them. So for
    ConvTranspose, MatMul and Gemm with a bias, for a sum of two images, for images side by side, for an image
    itself, and with a DepthToSpace in front of the quantizer, which moves behind it; for any chain of
    functions that only rises or only falls in each channel (weights of channels that fall are negated). The
    thresholds are found by bisection of the float32 function that PyTorch computes and checked on the sums
    that are reached. A quantizer of the graph's float input gets its float32 thresholds in the same way. What
    is none of these keeps what FINN makes of it, and the log says why.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        rewriter = _Rewriter(model)
        for node in list(model.graph.node):
            rewriter.visit(node)
        rewriter.remove_unread()
        return model.transform(InferShapes()), False


@dataclass
class _Rewriter:
    model: ModelWrapper

    def __post_init__(self) -> None:
        self.constants = FileConstants(self.model.model)
        self.writer = NodeWriter(self.model)
        self.images = Images(self.writer, self.constants)

    def visit(self, node: NodeProto) -> None:
        if not is_quant(node):
            self.images.visit(node)
        elif self.constants.get(node.input[0]) is None:
            self._quantizer(node)

    def _quantizer(self, node: NodeProto) -> None:
        try:
            target = quant_node(node, self.constants)
        except UnsupportedError as error:
            _stays(node, error)
            return
        try:
            if target.bipolar or is_unbounded(target) or target.step:
                raise UnsupportedError.at(node, f"quantizes to {target}; levels a step apart are supported")
            if self.model.find_producer(node.input[0]) is None:
                self._quantize_input(node, target)
            else:
                self._replace(node, target)
        except (UnsupportedError, NotMonotoneError) as error:
            _stays(node, error)
            self._divide(node, target)

    # -- what comes in --------------------------------------------------------------------------------
    def _divide(self, node: NodeProto, target: Quantizer) -> None:
        """Behind a quantizer of FINN's: its values by their scale."""
        y, place = node.output[0], list(self.model.graph.node).index(node)
        inverse = self.writer.constant(np.array(1 / np.float64(target.scale)))
        integers = self.writer.tensor(self.model.get_tensor_shape(y))
        self.model.graph.node.insert(place + 1, helper.make_node("Mul", [y, inverse], [integers]))
        self._know(y, integers, target)

    def _quantize_input(self, node: NodeProto, target: Quantizer) -> None:
        thresholds = float_thresholds(target, counted(target))
        self._finish(node, self._counts(node, node.input[0], thresholds, target), target)

    def _know(self, tensor: str, integers: str, quantizer: Quantizer) -> None:
        channels = int(self.model.get_tensor_shape(tensor)[1])
        self.images.known[tensor] = Image(integers, ((quantizer, channels),))

    # -- layers -----------------------------------------------------------------------------------------
    def _replace(self, node: NodeProto, target: Quantizer) -> None:
        """A quantizer, with all that is between it and the integers of which it makes others."""
        chain = Chain.behind(node, self.model, self.images)
        if chain.unchanged(target):
            self.images.known[node.output[0]] = self.images.known[node.input[0]]
            return
        thresholds, flipped = chain.thresholds(node, target)
        if np.abs(thresholds).max() > _MOST:
            raise UnsupportedError.at(node, f"sums up to {np.abs(thresholds).max()}; {_MOST} are supported")
        if chain.weights is None and flipped.any():
            raise UnsupportedError.at(node, "falls, and there are no weights to negate")
        sums = self._sums(node, chain, flipped)
        integers = self._counts(node, sums, (thresholds - 0.5).astype(np.float32), target)
        if chain.shuffle is not None:
            integers = self.writer.clone(node, chain.shuffle, {chain.shuffle.input[0]: integers})
        self._finish(node, integers, target)

    def _sums(self, node: NodeProto, chain: Chain, flipped: NDArray[np.bool_]) -> str:
        """What is compared: an image's integers, the sum of two, or those of a layer with weights."""
        if chain.start is None:
            return chain.images[0].integers
        named = list(chain.start.input)
        if chain.weights is not None:
            signed = _negated(chain.start, chain.weights, flipped)
            kind = smallest_type(int(signed.min()), int(signed.max()), signed=True)
            bare = NodeProto()
            bare.CopyFrom(chain.start)
            del bare.input[2:]
            weights = self.writer.constant(signed, kind)
            return self.writer.clone(node, bare, {named[0]: chain.images[0].integers, named[1]: weights})
        terms = [image.integers for image in chain.images]
        shape = self.model.get_tensor_shape(chain.start.output[0])
        for k, factor in enumerate(chain.factors):
            if factor > 1:
                times = self.writer.constant(np.array(factor), smallest_type(factor, factor))
                scaled = self.writer.tensor(shape)
                terms[k] = self.writer.put(node, helper.make_node("Mul", [terms[k], times], [scaled]))
        return self.writer.put(node, helper.make_node("Add", terms, [self.writer.tensor(shape)]))

    # -- what goes out ----------------------------------------------------------------------------------
    def _counts(self, node: NodeProto, x: str, thresholds: NDArray[np.float32], target: Quantizer) -> str:
        """MultiThreshold on a tensor, put in front of a node; returns the integers that it makes."""
        shape, kind = self.model.get_tensor_shape(x), image_type(target)
        return self.writer.put(node, helper.make_node(
            "MultiThreshold", [x, self.writer.constant(thresholds)], [self.writer.tensor(shape, kind)],
            domain="qonnx.custom_op.general", out_dtype=kind.name, out_bias=float(counted(target).low),
            data_layout={2: "NC", 3: "NCW", 4: "NCHW"}[len(shape)],
        ))  # fmt: skip

    def _finish(self, node: NodeProto, integers: str, target: Quantizer) -> None:
        """The quantizer's values are those of the integers."""
        y, scale = node.output[0], self.writer.constant(np.array(target.scale))
        self.writer.put(node, helper.make_node("Mul", [integers, scale], [y]))
        self.model.graph.node.remove(node)
        self._know(y, integers, target)

    def remove_unread(self) -> None:
        """What nothing reads any more: nodes on values, quantizers of weights and biases."""
        outputs = {output.name for output in self.model.graph.output}
        while True:
            read = outputs | {name for node in self.model.graph.node for name in node.input}
            unread = [node for node in self.model.graph.node if not read.intersection(node.output)]
            if not unread:
                return
            for node in unread:
                self.model.graph.node.remove(node)


def _stays(node: NodeProto, error: Exception) -> None:
    log.warning(f"{node_name(node)}: thresholds stay FINN's: {error}")


def _negated(node: NodeProto, integers: NDArray[np.int64], flipped: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Weights as the node lays them out, those of falling channels negated."""
    axis, sign = output_axis(node), np.where(flipped, -1, 1)
    if node.op_type == "ConvTranspose" and (groups := int(attribute(node, "group", 1))) > 1:
        inputs = len(integers) // groups
        return integers * np.repeat(sign.reshape(groups, -1), inputs, 0)[:, :, None, None]
    return integers * sign.reshape([-1 if i == axis else 1 for i in range(integers.ndim)])
