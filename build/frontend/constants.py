# SPDX-License-Identifier: Apache-2.0
"""Constants of a graph: initializers, Constant nodes, and what a few harmless ops make of them.

Sizes are checked before anything is computed, so that a small file cannot ask for a large array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.hw.system.text import brief, first_line

Array = NDArray[Any]
_MAX_GROWN = 1 << 24  # elements of a constant that is larger than each of what it is made of
_ELEMENTWISE = (
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Neg",
    "Sqrt",
    "Reciprocal",
    "Floor",
    "Ceil",
    "Abs",
    "Max",
    "Min",
    "Mod",
)
_SAME_SIZE = (
    "Identity",
    "Cast",
    "Transpose",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Slice",
    "Dropout",
)
_MAX_DEPTH = 200


class Constants:
    """Values of constant tensors by name; `shapes` holds what is known of tensors that are not constant."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.values: dict[str, Array] = {}
        self.protos = {t.name: t for t in model.graph.initializer}
        self.producers = {name: node for node in model.graph.node for name in node.output if name}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.opsets = [o for o in model.opset_import if o.domain in ("", "ai.onnx")]
        for node in model.graph.node:
            if node.op_type == "Constant":
                self._constant(node)

    def get(self, name: str, depth: int = 0) -> Array | None:
        """The value, or None where it is not constant. UnsupportedError where it is too large or broken."""
        if not name:
            return None
        if name not in self.values and name in self.protos:
            self.values[name] = numpy_helper.to_array(self.protos[name])
        if name in self.values:
            return self.values[name]
        node = self.producers.get(name)
        if node is None or depth > _MAX_DEPTH:
            return None
        value = self._computed(node, depth)
        if value is not None:
            self.values[name] = value
        return value

    def required(self, node: NodeProto, index: int, what: str) -> Array:
        """Input `index` of `node`, which must be a constant."""
        value = self.get(node.input[index]) if index < len(node.input) else None
        if value is None:
            raise UnsupportedError.at(node, f"{what} must be a constant")
        return value

    def floats(self, node: NodeProto, index: int, what: str) -> NDArray[np.float32]:
        """Input `index` of `node`, of float32."""
        value = self.required(node, index, what)
        if value.dtype != np.float32:
            raise UnsupportedError.at(node, f"{what} of type {value.dtype}; float32 is supported")
        return value

    def integers(self, node: NodeProto, index: int, what: str) -> list[int]:
        """Input `index` of `node`, a list of integers."""
        value = self.required(node, index, what)
        if value.dtype not in (np.int32, np.int64) or value.ndim > 1:
            kind = f"type {value.dtype} with {value.ndim} axes"
            raise UnsupportedError.at(node, f"{what} of {kind}; a list of integers is expected")
        return [int(v) for v in np.ravel(value)]

    def number(self, node: NodeProto, index: int, what: str) -> float:
        """A scalar input."""
        value = np.ravel(self.required(node, index, what))
        if value.size != 1 or not np.isfinite(value[0]):
            raise UnsupportedError.at(node, f"{what} of {value.size} values; one finite number is supported")
        return float(value[0])

    def _constant(self, node: NodeProto) -> None:
        name = node.output[0]
        for attribute in node.attribute:
            if attribute.name == "value":
                self.protos[name] = attribute.t
            elif attribute.name in ("value_float", "value_floats"):
                self.values[name] = np.array(helper.get_attribute_value(attribute), np.float32)
            elif attribute.name in ("value_int", "value_ints"):
                self.values[name] = np.array(helper.get_attribute_value(attribute), np.int64)

    def _computed(self, node: NodeProto, depth: int) -> Array | None:
        if node.domain not in ("", "ai.onnx"):
            return None
        if node.op_type == "Shape" and node.input[0] in self.shapes:
            shape = np.array(self.shapes[node.input[0]], np.int64)
            return shape[attribute(node, "start", 0) : attribute(node, "end", len(shape))]
        bound = _BOUNDS.get(node.op_type)
        if bound is None:
            return None
        inputs: dict[str, Array] = {}
        for name in node.input:
            value = self.get(name, depth + 1) if name else None
            if value is not None:
                inputs[name] = value
            elif name:
                return None
        given = [inputs[name] for name in node.input if name]
        size = bound(node, given)
        if size > max(_MAX_GROWN, *(v.size for v in given)):
            raise UnsupportedError.at(node, f"makes a constant of {size} elements; at most {_MAX_GROWN}")
        return self.run(node, inputs)

    def run(self, node: NodeProto, inputs: Mapping[str, Any]) -> Array:
        """What one node makes of these inputs, by name."""
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in inputs.items()
        ]
        out = [helper.make_tensor_value_info(node.output[0], TensorProto.UNDEFINED, None)]
        single = NodeProto()
        single.CopyFrom(node)
        del single.output[1:]
        graph = helper.make_graph([single], "constant", infos, out)
        try:
            model = helper.make_model(graph, opset_imports=self.opsets)
            results: Any = ReferenceEvaluator(model).run(None, dict(inputs))
            return np.asarray(results[0])
        except Exception as error:
            raise UnsupportedError.at(node, f"cannot be computed ({first_line(error)})") from None


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    """Value of an ONNX attribute, or the default that the standard gives it."""
    for found in node.attribute:
        if found.name == name:
            return helper.get_attribute_value(found)
    return default


def text(node: NodeProto, name: str, default: str) -> str:
    """Value of an ONNX attribute that is a word."""
    value = attribute(node, name, default.encode())
    return brief(value.decode(errors="replace"))


def number(node: NodeProto, name: str, default: float) -> float:
    """Value of an ONNX attribute that is a finite number. UnsupportedError."""
    value = float(attribute(node, name, default))
    if not math.isfinite(value):
        raise UnsupportedError.at(node, f"{name}={value}; a finite number is supported")
    return value


def _broadcast(node: NodeProto, values: list[Array]) -> int:
    return math.prod(np.broadcast_shapes(*(v.shape for v in values)))


def _gathered(node: NodeProto, values: list[Array]) -> int:
    return int(values[0].size * max(1, values[1].size))


def _requested(node: NodeProto, values: list[Array]) -> int:
    return math.prod(max(0, int(v)) for v in np.ravel(values[-1]))


# op -> elements of its result at most; ops that are not here are never computed
_BOUNDS: dict[str, Callable[[NodeProto, list[Array]], int]] = {
    **dict.fromkeys(_ELEMENTWISE, _broadcast),
    **dict.fromkeys(_SAME_SIZE, lambda node, values: int(values[0].size)),
    "Concat": lambda node, values: sum(int(v.size) for v in values),
    "Gather": _gathered,
    "ConstantOfShape": _requested,
}
