# SPDX-License-Identifier: Apache-2.0
"""Read a QONNX file and split its chain of nodes into quantized layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import get_by_name

from fpgan.build.passes.errors import UnsupportedError

LINEAR = ("ConvTranspose", "Conv")
UPSAMPLE = ("Resize", "Upsample")
POINTWISE = (
    "Add", "Sub", "Mul", "Div", "BatchNormalization", "Relu", "LeakyRelu", "Tanh", "Sigmoid", "Clip",
    "Identity",
)  # fmt: skip


@dataclass(frozen=True)
class Quantizer:
    """Integer range and scale of a Quant node."""

    scale: float
    low: int
    high: int

    @property
    def levels(self) -> NDArray[np.int64]:
        return np.arange(self.low, self.high + 1)


@dataclass(frozen=True)
class QuantLayer:
    """One layer between two activation quantizers: [nearest upsampling], a linear node, pointwise nodes."""

    linear: NodeProto
    upsample: tuple[int, int]  # factors of rows and columns
    weights: NDArray[np.int64]  # as the linear node lays them out
    weight_scale: NDArray[np.float32]  # () or broadcastable to weights
    pointwise: tuple[NodeProto, ...]
    source: Quantizer
    target: Quantizer


def load(path: Path) -> ModelWrapper:
    """Load an ONNX file with shapes inferred. ValueError in one line where it is none."""
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model, full_check=False)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except Exception as error:
        raise ValueError(f"{path}: not a valid ONNX file ({str(error).splitlines()[0]})") from None
    return ModelWrapper(model).transform(InferShapes())


def quantizer(model: ModelWrapper, node: NodeProto) -> Quantizer:
    """Read a Quant node on activations: scalar scale, zero point 0."""
    scale, zero, bits = (model.get_initializer(name) for name in node.input[1:4])
    if scale is None or zero is None or bits is None:
        raise UnsupportedError.at(node, "scale, zero point and bit width must be constants")
    if np.size(scale) != 1:
        raise UnsupportedError.at(node, f"{np.size(scale)} activation scales; one per tensor is supported")
    if np.any(zero != 0):
        raise UnsupportedError.at(node, f"zero point {np.ravel(zero)[0]:g}; only 0 is supported")
    op = getCustomOp(node)
    if op.get_nodeattr("rounding_mode").upper() not in ("ROUND", "HALF_EVEN"):
        raise UnsupportedError.at(
            node, f"rounding mode {op.get_nodeattr('rounding_mode')}; ROUND is supported"
        )
    width, signed, narrow = int(np.ravel(bits)[0]), op.get_nodeattr("signed"), op.get_nodeattr("narrow")
    if not 1 < width <= 8:
        raise UnsupportedError.at(node, f"{width} bits; 2 to 8 are supported")
    low = -(2 ** (width - 1)) + narrow if signed else 0
    high = 2 ** (width - 1) - 1 if signed else 2**width - 1 - narrow
    return Quantizer(float(np.ravel(scale)[0]), low, high)


def quant_layers(model: ModelWrapper) -> tuple[Quantizer, list[QuantLayer]]:
    """Split the graph into layers. Returns the input's quantizer and the layers in order.

    Raises UnsupportedError where the graph is no chain of quantized layers.
    """
    chain = _chain(model)
    if not chain or chain[0].op_type != "Quant":
        first = chain[0].op_type if chain else "nothing"
        raise UnsupportedError(f"the input goes into {first}; a Quant node must quantize it first")
    source = first_source = quantizer(model, chain[0])
    layers, part = [], list[NodeProto]()
    for node in chain[1:]:
        if node.op_type == "Quant":
            if not part:
                raise UnsupportedError.at(node, "quantizes twice in a row")
            target = quantizer(model, node)
            layers.append(_layer(model, part, source, target))
            source, part = target, []
        else:
            part.append(node)
    if part:
        raise UnsupportedError.at(part[-1], "no quantizer after it; the output must end in a Quant node")
    return first_source, layers


def _chain(model: ModelWrapper) -> list[NodeProto]:
    """Nodes from the graph's input to its output, each fed by the one before."""
    if len(model.graph.input) != 1 or len(model.graph.output) != 1:
        raise UnsupportedError(
            f"{len(model.graph.input)} inputs and {len(model.graph.output)} outputs; one of each is supported"
        )
    tensor, chain = model.graph.input[0].name, list[NodeProto]()
    while tensor != model.graph.output[0].name:
        consumers = model.find_consumers(tensor) or []
        if len(consumers) != 1:
            raise UnsupportedError(
                f"tensor {tensor} goes into {len(consumers)} nodes; a chain of layers is supported"
            )
        node = consumers[0]
        if node.op_type not in (*LINEAR, *UPSAMPLE, *POINTWISE, "Quant"):
            raise UnsupportedError.at(
                node, f"op is not supported; supported are {', '.join((*LINEAR, *POINTWISE))}"
            )
        chain.append(node)
        tensor = node.output[0]
    return chain


def _layer(model: ModelWrapper, part: list[NodeProto], source: Quantizer, target: Quantizer) -> QuantLayer:
    upsample = _factor(model, part.pop(0)) if part[0].op_type in UPSAMPLE else (1, 1)
    if not part:
        raise UnsupportedError("a quantizer follows upsampling; a convolution must stand between")
    linear = part[0]
    if linear.op_type not in LINEAR:
        raise UnsupportedError.at(linear, f"a layer must begin with one of {', '.join(LINEAR)}")
    for node in part[1:]:
        if node.op_type not in POINTWISE:
            raise UnsupportedError.at(node, "no quantizer between this and the layer before")
    weights, scale = _weights(model, linear)
    return QuantLayer(linear, upsample, weights, scale, tuple(part[1:]), source, target)


def _factor(model: ModelWrapper, node: NodeProto) -> tuple[int, int]:
    """Rows and columns by which a Resize or Upsample node repeats pixels."""
    mode = attribute(node, "mode", b"nearest")
    if mode != b"nearest":
        raise UnsupportedError.at(node, f"mode {mode!r}; nearest is supported")
    before, after = model.get_tensor_shape(node.input[0]), model.get_tensor_shape(node.output[0])
    if not before or not after or len(before) != 4 or any(a % b for a, b in zip(after, before, strict=True)):
        raise UnsupportedError.at(node, f"resizes {before} to {after}; whole factors are supported")
    if before[:2] != after[:2]:
        raise UnsupportedError.at(
            node, f"resizes channels {before[:2]} to {after[:2]}; rows and columns are supported"
        )
    return after[2] // before[2], after[3] // before[3]


def _weights(model: ModelWrapper, linear: NodeProto) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    producer = model.find_producer(linear.input[1])
    if producer is None or producer.op_type != "Quant":
        raise UnsupportedError.at(linear, "float weights with no quantizer; put a Quant node on them")
    values, scale, zero, bits = (model.get_initializer(name) for name in producer.input)
    if values is None or scale is None:
        raise UnsupportedError.at(producer, "weights and their scale must be constants")
    if np.any(zero != 0):
        raise UnsupportedError.at(producer, f"weight zero point {np.ravel(zero)[0]:g}; only 0 is supported")
    axis = 1 if linear.op_type == "ConvTranspose" else 0
    shape = [1] * values.ndim
    shape[axis] = values.shape[axis]
    if np.size(scale) != 1 and list(np.shape(scale)) != shape:
        raise UnsupportedError.at(
            producer, f"weight scale of shape {np.shape(scale)}; () or {tuple(shape)} is supported"
        )
    op = getCustomOp(producer)
    if not op.get_nodeattr("signed"):
        raise UnsupportedError.at(producer, "unsigned weights; signed ones are supported")
    width = int(np.ravel(bits)[0])
    low, high = -(2 ** (width - 1)) + op.get_nodeattr("narrow"), 2 ** (width - 1) - 1
    scaled = values.astype(np.float32) / scale.astype(np.float32)
    return np.clip(np.rint(scaled), low, high).astype(np.int64), scale.astype(np.float32)


def attribute(node: NodeProto, name: str, default: object) -> object:
    """Value of an ONNX attribute, or the default that the standard gives it."""
    found = get_by_name(node.attribute, name)
    return default if found is None else onnx.helper.get_attribute_value(found)
