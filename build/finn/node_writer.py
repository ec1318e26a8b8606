# SPDX-License-Identifier: Apache-2.0
"""Nodes, tensors and constants put into a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import BaseDataType
from qonnx.core.modelwrapper import ModelWrapper


@dataclass(frozen=True)
class NodeWriter:
    """Puts nodes in front of others. The graph copies what it is given: a node that is to be changed later
    has to be found in it again."""

    model: ModelWrapper

    def constant(self, value: NDArray[Any], kind: BaseDataType | None = None) -> str:
        """A new initializer, float32 as FINN keeps all of them."""
        name = str(self.model.make_new_valueinfo_name())
        self.model.set_initializer(name, np.asarray(value, np.float32))
        if kind is not None:
            self.model.set_tensor_datatype(name, kind)
        return name

    def tensor(self, shape: Sequence[int], kind: BaseDataType | None = None) -> str:
        name = str(self.model.make_new_valueinfo_name())
        self.model.graph.value_info.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        )
        if kind is not None:
            self.model.set_tensor_datatype(name, kind)
        return name

    def put(self, before: NodeProto, node: NodeProto) -> str:
        """Put a node there; returns its first output."""
        self.model.graph.node.insert(list(self.model.graph.node).index(before), node)
        return str(node.output[0])

    def clone(self, before: NodeProto, node: NodeProto, inputs: Mapping[str, str]) -> str:
        """A node once more, of other inputs in the place of these; returns its output, a new tensor."""
        copy = NodeProto()
        copy.CopyFrom(node)
        copy.ClearField("name")
        copy.input[:] = [inputs.get(name, name) for name in node.input]
        copy.output[:] = [self.tensor(self.model.get_tensor_shape(node.output[0]))]
        return self.put(before, copy)
