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
from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError, layer_name, node_name
from fpgan.build.frontend.inputs import read_source
from fpgan.build.frontend.joins import join
from fpgan.build.frontend.linear_nodes import LINEAR, read_linear
from fpgan.build.frontend.network import Network
from fpgan.build.frontend.pointwise import POINTWISE, read_pointwise
from fpgan.build.frontend.read_quantizers import QUANT, is_quant, linear_pair, quant_node
from fpgan.build.frontend.spatial import SPATIAL, apply_spatial
from fpgan.build.frontend.walk import Walk
from fpgan.hw.system.text import brief, first_line

PASSED = ("Identity", "Dropout", "Cast")
SUPPORTED = (
    *LINEAR, *POINTWISE, *SPATIAL, *PASSED, "Concat", *QUANT, "QuantizeLinear", "DequantizeLinear",
)  # fmt: skip
_BETTER = {
    "InstanceNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "LayerNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "GroupNormalization": "its statistics depend on the image; BatchNormalization is supported",
    "QLinearConv": "export in QDQ format",
    "ConvInteger": "export in QDQ format",
    "Softmax": "needs all channels at once",
    "If": "control flow", "Loop": "control flow", "Scan": "control flow",
}  # fmt: skip


def read_network(model: onnx.ModelProto | ModelWrapper) -> Network:
    """The layers of a quantized ONNX model. UnsupportedError, one line, names the node that is none."""
    reader = Reader(model.model if isinstance(model, ModelWrapper) else model)
    for _ in reader.steps():
        pass
    return reader.finish()


@contextmanager
def _one_line(where: str) -> Iterator[None]:
    """What a broken file makes go wrong becomes an UnsupportedError that says where."""
    try:
        yield
    except UnsupportedError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError) as error:
        raise UnsupportedError(f"{where}: {first_line(error)}") from None


class Reader:
    """Walks one graph; `assembler` holds what was read so far."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.constants = Constants(model)
        consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.graph.node:
            if node.op_type != "Shape":
                for name in node.input:
                    consumers[name].append(node)
        with _one_line("inputs"):
            self.source = read_source(self.graph, self.constants, consumers)
        self.walk = Walk(self.graph, self.source.tensor, consumers)
        self.assembler = Assembler(self.source.view)
        self.assembler.notes.extend(self.source.notes)
        self.branches: dict[str, Branch] = {}  # by tensor
        self.pairs: dict[str, list[NodeProto]] = {}  # QuantizeLinear up to a tensor of integers, by that
        self._reached(self.source.tensor, Branch.at_input(self.assembler, self.source.quantizer))

    def steps(self) -> Iterator[NodeProto]:
        """Read node by node, in order; yields each node that was read."""
        yield from self.source.nodes
        for node in self.walk.order():
            check_supported(node)
            with _one_line(layer_name(node_name(node), node.op_type)):
                self._read(node)
            yield node

    def finish(self) -> Network:
        """The network, all steps having been taken."""
        end = self.graph.output[0].name
        if end in self.pairs:
            raise UnsupportedError.at(self.pairs[end][0], "no DequantizeLinear after it")
        if end not in self.branches:
            raise UnsupportedError(f"output {brief(end)} is not made of the input")
        return self._branch(end).finish()

    def _reached(self, tensor: str, branch: Branch) -> None:
        self.branches[tensor] = branch
        self.constants.shapes[tensor] = branch.view.shape

    def _branch(self, tensor: str) -> Branch:
        """For one more reader of a tensor."""
        return self.branches[tensor].copy(self.walk.readers[tensor] > 1)

    def _read(self, node: NodeProto) -> None:
        names = [name for name in node.input if name in self.walk.images]
        if node.op_type == "QuantizeLinear" or names[0] in self.pairs:
            self._pair(node, names[0])
        elif len(names) > 1 or node.op_type == "Concat":
            self._reached(node.output[0], join(node, [self._branch(name) for name in names]))
        else:
            branch = self._branch(names[0])
            self._one(node, branch)
            self._reached(node.output[0], branch)

    def _one(self, node: NodeProto, branch: Branch) -> None:
        if is_quant(node):
            branch.quantize(node, quant_node(node, self.constants))
        elif node.op_type in LINEAR:
            branch.add_linear(node, read_linear(node, self.constants, branch.linear_view(node)))
        elif node.op_type in SPATIAL:
            apply_spatial(node, self.constants, branch)
        elif node.op_type in POINTWISE:
            branch.add_function(node, read_pointwise(node, self.constants, branch.view))
        else:
            self._passed(node)

    def _passed(self, node: NodeProto) -> None:
        if node.op_type == "Cast" and attribute(node, "to", 1) != onnx.TensorProto.FLOAT:
            raise UnsupportedError.at(node, "casts to another type than float32")
        if node.op_type == "Dropout" and len(node.input) > 2 and self.constants.get(node.input[2]):
            raise UnsupportedError.at(node, "training mode; export the network in eval mode")
        if node.op_type == "DequantizeLinear":
            raise UnsupportedError.at(node, "no QuantizeLinear before it")

    def _pair(self, node: NodeProto, tensor: str) -> None:
        """QuantizeLinear up to DequantizeLinear, of which several may read the same integers."""
        nodes = [*self.pairs.get(tensor, []), node]
        if node.op_type == "DequantizeLinear":
            if tensor not in self.branches:
                branch = self._branch(nodes[0].input[0])
                branch.quantize(nodes[0], linear_pair(nodes, self.constants))
                self.branches[tensor] = branch
            self._reached(node.output[0], self._branch(tensor))
        elif node.op_type in ("Clip", "Identity") or len(nodes) == 1:
            self.pairs[node.output[0]] = nodes
        else:
            raise UnsupportedError.at(nodes[0], "no DequantizeLinear after it")


def check_supported(node: NodeProto) -> None:
    """UnsupportedError, by name, for an op that is not read."""
    if is_quant(node):
        return
    if node.op_type not in SUPPORTED or node.op_type in QUANT or node.domain not in ("", "ai.onnx"):
        why = _BETTER.get(node.op_type, f"supported are {', '.join(SUPPORTED)}")
        where = f" of domain {brief(node.domain)}" if node.domain not in ("", "ai.onnx") else ""
        raise UnsupportedError.at(node, f"op{where} is not supported; {why}")
