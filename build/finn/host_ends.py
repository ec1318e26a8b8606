# SPDX-License-Identifier: Apache-2.0
"""What stays on the host at both ends of a graph: quantizing a float input, scaling the output, layouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, ValueInfoProto, helper
from qonnx.core.modelwrapper import ModelWrapper

_LAYOUTS = ("Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
_SCALES = ("Mul", "Add", "Div", "Sub")


@dataclass(frozen=True)
class HostEnds:
    """Nodes that were cut off before and behind what becomes hardware, and the graph's own input and output.

        x -> [MultiThreshold of floats -> Transpose] -> layers on integers -> [Transpose -> Mul] -> y

    FINN would make hardware of all of them, in floats, by HLS.
    """

    head: tuple[NodeProto, ...]
    tail: tuple[NodeProto, ...]
    input: ValueInfoProto
    output: ValueInfoProto
    constants: dict[str, NDArray[np.floating]]  # of these nodes: FINN removes what nothing reads

    @classmethod
    def cut(cls, model: ModelWrapper) -> HostEnds:
        """Cut them off, in place."""
        graph = model.graph
        first, last = graph.input[0], graph.output[0]
        head, tail = _head(model), _tail(model)
        known = {name: model.get_initializer(name) for node in (*head, *tail) for name in node.input}
        constants = {name: value for name, value in known.items() if value is not None}
        ends = cls(tuple(head), tuple(tail), _copy(first), _copy(last), constants)
        for node in (*ends.head, *ends.tail):
            graph.node.remove(node)
        if ends.head:
            _rename(model, first, ends.head[-1].output[0])
        if ends.tail:
            _rename(model, last, _dynamic(model, ends.tail[0]))
        return ends

    def join(self, model: ModelWrapper) -> None:
        """Put them back, in place: FINN's transformations keep the names of a graph's input and output.

        Shapes and datatypes between them are to be inferred again.
        """
        graph = model.graph
        for value, own in ((graph.input[0], self.input), (graph.output[0], self.output)):
            if value.name != own.name:
                graph.value_info.append(_copy(value))
                value.CopyFrom(own)
        for node in reversed(self.head):
            graph.node.insert(0, node)
        graph.node.extend(self.tail)
        for name, value in self.constants.items():
            model.set_initializer(name, value)


def _head(model: ModelWrapper) -> list[NodeProto]:
    """Nodes in a row from the input on, in order."""
    found, tensor = list[NodeProto](), model.graph.input[0].name
    while len(after := model.find_consumers(tensor)) == 1 and _on_host(model, after[0], tensor):
        found.append(after[0])
        tensor = after[0].output[0]
    return found


def _tail(model: ModelWrapper) -> list[NodeProto]:
    """Nodes in a row up to the output, in order."""
    found, tensor = list[NodeProto](), model.graph.output[0].name
    while (before := model.find_producer(tensor)) is not None and _scales_or_turns(model, before):
        source = _dynamic(model, before)
        if len(model.find_consumers(source)) != 1 or model.find_producer(source) is None:
            break
        found.insert(0, before)
        tensor = source
    return found


def _on_host(model: ModelWrapper, node: NodeProto, tensor: str) -> bool:
    floats = not model.get_tensor_datatype(tensor).is_integer()
    return _scales_or_turns(model, node) or (node.op_type == "MultiThreshold" and floats)


def _scales_or_turns(model: ModelWrapper, node: NodeProto) -> bool:
    """A layout, or a constant put on values that are no integers then."""
    if node.op_type in _LAYOUTS:
        return True
    constants = [model.get_initializer(name) is not None for name in node.input]
    floats = not model.get_tensor_datatype(node.output[0]).is_integer()
    return node.op_type in _SCALES and constants.count(False) == 1 and floats


def _dynamic(model: ModelWrapper, node: NodeProto) -> str:
    return str(next(name for name in node.input if model.get_initializer(name) is None))


def _copy(value: ValueInfoProto) -> ValueInfoProto:
    copy = ValueInfoProto()
    copy.CopyFrom(value)
    return copy


def _rename(model: ModelWrapper, end: ValueInfoProto, tensor: str) -> None:
    """Let the graph begin or end at another of its tensors."""
    kind = end.type.tensor_type.elem_type
    made = helper.make_tensor_value_info(tensor, kind, model.get_tensor_shape(tensor))
    for known in [value for value in model.graph.value_info if value.name == tensor]:
        model.graph.value_info.remove(known)
    end.CopyFrom(made)
