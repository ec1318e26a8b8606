# SPDX-License-Identifier: Apache-2.0
"""Walk an ONNX graph from its input to its output and collect its quantized layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.frontend.assemble import Assembler
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.expression import Expression, read_expression
from fpgan.build.frontend.inputs import read_source
from fpgan.build.frontend.linear_nodes import LINEAR, read_linear
from fpgan.build.frontend.network import Network
from fpgan.build.frontend.pointwise import POINTWISE, read_pointwise
from fpgan.build.frontend.read_quantizers import QUANT, is_quant, linear_pair, quant_node
from fpgan.build.frontend.spatial import SPATIAL, apply_spatial
from fpgan.build.passes.errors import UnsupportedError

PASSED = ("Identity", "Dropout", "Cast")
SUPPORTED = (*LINEAR, *POINTWISE, *SPATIAL, *PASSED, *QUANT, "QuantizeLinear", "DequantizeLinear")
_BETTER = {
    "InstanceNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "LayerNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "GroupNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "QLinearConv": "export in QDQ format",
    "ConvInteger": "export in QDQ format",
    "Softmax": "needs all channels at once",
    "Concat": "joins layers; a condition is supported as a second input, joined before the first layer",
    "If": "control flow", "Loop": "control flow", "Scan": "control flow",
}  # fmt: skip


def read_network(model: onnx.ModelProto | ModelWrapper) -> Network:
    """The layers of a quantized ONNX model. UnsupportedError, one line, names the node that is none."""
    reader = Reader(model.model if isinstance(model, ModelWrapper) else model)
    for _ in reader.steps():
        pass
    return reader.assembler.finish()


@contextmanager
def _one_line(where: str) -> Iterator[None]:
    """What a broken file makes go wrong becomes an UnsupportedError that says where."""
    try:
        yield
    except UnsupportedError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError) as error:
        line = (str(error) or type(error).__name__).splitlines()[0][:300]
        raise UnsupportedError(f"{where}: {line}") from None


class Reader:
    """Walks one graph; `assembler` holds what was read so far."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.constants = Constants(model)
        self.consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.graph.node:
            if node.op_type != "Shape":
                for name in node.input:
                    self.consumers[name].append(node)
        with _one_line("inputs"):
            self.source = read_source(self.graph, self.constants, self.consumers)
        self.tensor = self.source.tensor
        self.assembler = Assembler(self.source.view)
        self.assembler.notes.extend(self.source.notes)
        if self.source.quantizer is not None:
            self.assembler.quantize(self.source.nodes[-1], self.source.quantizer)

    def steps(self) -> Iterator[NodeProto]:
        """Read node by node, in order; yields each node that was read."""
        if len(self.graph.output) != 1:
            raise UnsupportedError(f"{len(self.graph.output)} outputs; one is supported")
        yield from self.source.nodes
        end, seen = self.graph.output[0].name, 0
        while self.tensor != end:
            seen += 1
            if seen > len(self.graph.node):
                raise UnsupportedError(
                    f"tensor {self.tensor} is part of a loop; a chain of layers is supported"
                )
            self.constants.shapes[self.tensor] = self.assembler.view.shape
            expression = self._expression()
            if expression is None:
                yield from self._read(self._next())
                continue
            self.assembler.add_function(expression.nodes[0], expression.function)
            self.tensor = expression.tensor
            yield from expression.nodes

    def _expression(self) -> Expression | None:
        """A function of the tensor that was reached, where the file spells it with several uses of it."""
        if len(self.consumers[self.tensor]) < 2:
            return None
        view = self.assembler.view
        with _one_line(f"tensor {self.tensor}"):
            return read_expression(self.tensor, self.graph.node, self.consumers, self.constants, view)

    def _next(self) -> NodeProto:
        found = self.consumers[self.tensor]
        if len(found) != 1:
            names = sorted(f"{n.name or n.output[0]} ({n.op_type})" for n in found)
            raise UnsupportedError(
                f"tensor {self.tensor} goes into {', '.join(names) or 'no node'}; a chain of layers is "
                "supported, no residual additions and no concatenation of layers"
            )
        return found[0]

    def _read(self, node: NodeProto) -> Iterator[NodeProto]:
        check_supported(node)
        nodes = [node]
        with _one_line(f"layer {node.name or node.output[0]} ({node.op_type})"):
            if node.op_type == "QuantizeLinear":
                nodes = self._pair(node)
                self.assembler.quantize(node, linear_pair(nodes, self.constants))
            else:
                self._one(node)
                self.tensor = node.output[0]
        yield from nodes

    def _one(self, node: NodeProto) -> None:
        assembler = self.assembler
        if is_quant(node):
            assembler.quantize(node, quant_node(node, self.constants))
        elif node.op_type in LINEAR:
            assembler.add_linear(node, read_linear(node, self.constants, assembler.linear_view(node)))
        elif node.op_type in SPATIAL:
            apply_spatial(node, self.constants, assembler)
        elif node.op_type in POINTWISE:
            assembler.add_function(node, read_pointwise(node, self.constants, assembler.view))
        else:
            self._passed(node)

    def _passed(self, node: NodeProto) -> None:
        if node.op_type == "Cast" and attribute(node, "to", 1) != onnx.TensorProto.FLOAT:
            raise UnsupportedError.at(node, "casts to another type than float32")
        if node.op_type == "Dropout" and len(node.input) > 2 and self.constants.get(node.input[2]):
            raise UnsupportedError.at(node, "training mode; export the network in eval mode")
        if node.op_type == "DequantizeLinear":
            raise UnsupportedError.at(node, "no QuantizeLinear before it")

    def _pair(self, node: NodeProto) -> list[NodeProto]:
        """QuantizeLinear up to its DequantizeLinear; leaves `tensor` behind it."""
        nodes = [node]
        self.tensor = node.output[0]
        while nodes[-1].op_type != "DequantizeLinear":
            after = self._next() if self.consumers[self.tensor] else None
            if after is None or after.op_type not in ("Clip", "Identity", "DequantizeLinear"):
                raise UnsupportedError.at(node, "no DequantizeLinear after it")
            nodes.append(after)
            self.tensor = after.output[0]
        return nodes


def check_supported(node: NodeProto) -> None:
    """UnsupportedError, by name, for an op that is not read."""
    if is_quant(node):
        return
    if node.op_type not in SUPPORTED or node.op_type in QUANT or node.domain not in ("", "ai.onnx"):
        why = _BETTER.get(node.op_type, f"supported are {', '.join(SUPPORTED)}")
        where = f" of domain {node.domain}" if node.domain not in ("", "ai.onnx") else ""
        raise UnsupportedError.at(node, f"op{where} is not supported; {why}")
