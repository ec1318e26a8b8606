# SPDX-License-Identifier: Apache-2.0
"""Integers of a file between a QuantizeLinear and the DequantizeLinears that read them.

The input may be such integers, and then has no QuantizeLinear; so may the output, which has no
DequantizeLinear.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import NodeProto

from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import integer_type, linear_pair
from fpgan.hw.system.text import brief

Nodes = tuple[NodeProto, ...]


class Pairs:
    """Of one graph; `branch` gives what one more reader finds at a tensor of floats, or at the input."""

    def __init__(self, constants: Constants, branch: Callable[[str], Branch]) -> None:
        self.constants, self.branch = constants, branch
        self._nodes: dict[str, Nodes] = {}  # QuantizeLinear up to a tensor of integers, by that
        self._types: dict[str, int] = {}  # of tensors of integers, where they are known
        self._dequantized: dict[str, tuple[Quantizer, Branch]] = {}  # by tensor of integers

    def __contains__(self, tensor: str) -> bool:
        return tensor in self._nodes

    def begin(self, tensor: str, kind: int) -> None:
        """The input is integers of this TensorProto type."""
        self._nodes[tensor], self._types[tensor] = (), kind

    def read(self, node: NodeProto, tensor: str) -> Branch | None:
        """One more node behind `tensor`; the branch behind a DequantizeLinear."""
        nodes = (*self._nodes.get(tensor, ()), node)
        kind = self._types.get(tensor, 0)
        if node.op_type == "DequantizeLinear":
            return self._read(nodes, tensor, kind)
        if node.op_type == "QuantizeLinear" and len(nodes) == 1:
            kind = integer_type(node, self.constants) or onnx.TensorProto.UINT8
        elif node.op_type == "Cast" and attribute(node, "to", 0) != kind:
            raise UnsupportedError.at(node, "casts integers to another type; DequantizeLinear may")
        elif node.op_type not in ("Clip", "Identity", "Cast"):
            raise UnsupportedError.at(
                node, "takes integers; a DequantizeLinear must stand between a QuantizeLinear and this"
            )
        self._nodes[node.output[0]], self._types[node.output[0]] = nodes, kind
        return None

    def _read(self, nodes: Nodes, tensor: str, kind: int) -> Branch:
        quantizer = linear_pair(nodes, self.constants, kind)
        if tensor not in self._dequantized:
            self._dequantized[tensor] = (quantizer, self._quantized(nodes, quantizer))
        known, branch = self._dequantized[tensor]
        if known != quantizer:
            raise UnsupportedError.at(
                nodes[-1], f"reads integers as {quantizer}, another node as {known}; one is supported"
            )
        return branch

    def _quantized(self, nodes: Nodes, quantizer: Quantizer) -> Branch:
        branch = self.branch(nodes[0].input[0])
        branch.quantize(nodes[0], quantizer)
        if nodes[0].op_type != "QuantizeLinear":
            branch.network.note(_less("the input", quantizer))
        return branch

    def output(self, tensor: str) -> Branch:
        """Where the graph's output is integers."""
        nodes = self._nodes[tensor]
        if not nodes or nodes[0].op_type != "QuantizeLinear":
            raise UnsupportedError(f"output {brief(tensor)} is the integers that come in")
        quantizer = linear_pair(nodes, self.constants)
        branch = self.branch(nodes[0].input[0])
        branch.quantize(nodes[0], quantizer)
        branch.network.note(_less("the output", quantizer))
        return branch


def _less(what: str, quantizer: Quantizer) -> str:
    """What a host must know that moves the file's own integers."""
    if not quantizer.zero:
        return f"{what} is the file's integers"
    return f"{what} is the file's integers less their zero point {quantizer.zero}"
