# SPDX-License-Identifier: Apache-2.0
"""What ops with several input streams have in common: a datatype for each."""

from __future__ import annotations

from typing import Any

from qonnx.core.datatype import BaseDataType, DataType

from fpgan.build.dataflow.ops.image_op import ImageOp


class JoiningOp(ImageOp):
    """An op that takes every input of its node as a stream of its own datatype."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types() | {"inputDataTypes": ("strings", True, [])}
        del attrs["inputDataType"]
        return attrs

    def in_streams(self) -> int:
        return len(self.onnx_node.input)

    def get_input_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("inputDataTypes")[ind]]

    def infer_node_datatype(self, model: Any) -> None:
        names = [model.get_tensor_datatype(name).name for name in self.onnx_node.input]
        self.set_nodeattr("inputDataTypes", names)
        model.set_tensor_datatype(self.onnx_node.output[0], self.get_output_datatype())
