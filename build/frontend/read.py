# SPDX-License-Identifier: Apache-2.0
"""Walk an ONNX graph from its input to its output and collect its quantized layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import onnx
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.frontend.assemble import Assembler
from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import attribute
from fpgan.build.frontend.ends import HOST, Ends, Tail, covering, spelled, tail
from fpgan.build.frontend.errors import UnsupportedError, layer_name, node_name
from fpgan.build.frontend.inputs import read_source
from fpgan.build.frontend.joins import join
from fpgan.build.frontend.linear_nodes import LINEAR, read_linear
from fpgan.build.frontend.network import Network
from fpgan.build.frontend.pairs import Pairs
from fpgan.build.frontend.pointwise import POINTWISE, read_pointwise
from fpgan.build.frontend.quantized_constants import FileConstants
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import QUANT, is_quant, quant_node
from fpgan.build.frontend.spatial import SPATIAL, apply_spatial
from fpgan.build.frontend.walk import Walk
from fpgan.hw.system.text import brief, first_line

PASSED = ("Identity", "Dropout", "Cast")
APART = (*SPATIAL, *PASSED)  # what is no function
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
    "MaxPool": "compares pixels; AveragePool, or a convolution with strides, is supported",
    "GlobalMaxPool": "compares pixels; GlobalAveragePool is supported",
    "If": "control flow", "Loop": "control flow", "Scan": "control flow",
}  # fmt: skip


def read_network(model: onnx.ModelProto | ModelWrapper, ends: Ends | None = None) -> Network:
    """The layers of a quantized ONNX model. UnsupportedError, one line, names the node that is none."""
    reader = Reader(model.model if isinstance(model, ModelWrapper) else model, ends)
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
    """Walks one graph; `assembler` holds what was read so far. ends: quantizers that were asked for."""

    def __init__(self, model: onnx.ModelProto, ends: Ends | None = None) -> None:
        self.graph, self.ends = model.graph, ends or Ends()
        self.constants = FileConstants(model)
        consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.graph.node:
            if node.op_type != "Shape":
                for name in node.input:
                    consumers[name].append(node)
        with _one_line("inputs"):
            self.source = read_source(self.graph, self.constants, consumers)
        self.walk = Walk(self.source.tensor, consumers)
        self.assembler = Assembler(self.source.view, self.ends.input)
        self.assembler.notes.extend(self.source.notes)
        self.branches: dict[str, Branch] = {}  # by tensor
        self.pairs = Pairs(self.constants, self._branch)
        self.end = self._output()
        self.tail = tail(self.end, self.walk.producers, self.walk.images)
        self._reached(self.source.tensor, Branch.at_input(self.assembler, self.source.quantizer))
        if self.source.integers:
            self.pairs.begin(self.source.tensor, self.source.integers)

    def steps(self) -> Iterator[NodeProto]:
        """Read node by node, in order; yields each node that was read."""
        yield from self.source.nodes
        if self.tail and any(kind not in SUPPORTED for kind in self.tail.functions(APART)):
            self._left_to_host(self.tail)
        for node in self.walk.order(self.end):
            with _one_line(layer_name(node_name(node), node.op_type)):
                self._read(node)
            yield node

    def finish(self) -> Network:
        """The network, all steps having been taken."""
        if self.end in self.pairs:
            return self._placed(self.pairs.output(self.end))
        if self.end not in self.branches:
            raise UnsupportedError(f"output {brief(self.end)} is not made of the input")
        branch = self._branch(self.end)
        asked = self.ends.output
        if branch.settled is None and asked is None:
            asked = self._covering(branch)
        if asked is not None:
            branch.quantize(NodeProto(op_type="Quant", name="output"), asked)
        elif branch.settled is None and self.tail:
            self._left_to_host(self.tail)
            branch = self._branch(self.end)
        return self._placed(branch)

    def _placed(self, branch: Branch) -> Network:
        """The finished network, which knows between which tensors of the file it lies."""
        network = branch.finish()
        inputs = [info.name for info in self.graph.input if info.name not in self.constants.protos]
        same = self.assembler.as_in_file and branch.view.in_order and inputs == [self.source.tensor]
        return replace(network, tensors=(self.source.tensor, self.end)) if same else network

    def _covering(self, branch: Branch) -> Quantizer | None:
        """For an output that no quantizer follows but that has bounds; said aloud."""
        found = covering(branch.part.functions) if branch.part else None
        if found is not None:
            self.assembler.note(
                f"no quantizer at the output: it is quantized to 8 bits, as by --output {spelled(found)}"
            )
        return found

    def _left_to_host(self, behind: Tail) -> None:
        """The network ends at its last quantizer."""
        kinds = ", ".join(dict.fromkeys(behind.functions(APART)))
        self.assembler.note(f"the host computes what follows the last quantizer: {brief(kinds)}")
        self.end = behind.tensor

    def _output(self) -> str:
        if len(self.graph.output) != 1:
            raise UnsupportedError(f"{len(self.graph.output)} outputs; one is supported")
        return str(self.graph.output[0].name)

    def _reached(self, tensor: str, branch: Branch) -> None:
        self.branches[tensor] = branch
        self.constants.shapes[tensor] = branch.view.shape

    def _branch(self, tensor: str) -> Branch:
        """For one more reader of a tensor."""
        return self.branches[tensor].copy(self.walk.readers[tensor] > 1)

    def _read(self, node: NodeProto) -> None:
        names = [name for name in node.input if name in self.walk.images]
        if names[0] in self.pairs or node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            check_supported(node)
            branch = self.pairs.read(node, names[0])
            if branch is not None:
                self._reached(node.output[0], branch.copy(self.walk.readers[names[0]] > 1))
        elif self._on_host(node, names):
            branch = self._branch(names[0])
            branch.on_host(node)
            self._reached(node.output[0], branch)
        else:
            check_supported(node)
            self._layer(node, names)

    def _on_host(self, node: NodeProto, names: list[str]) -> bool:
        """Whether a node is a function of the input, before any quantizer."""
        branches = [self.branches[name] for name in names]
        same = all((b.current, b.view) == (None, branches[0].view) for b in branches)
        if not same or node.op_type not in HOST or node.domain not in ("", "ai.onnx"):
            return False
        if node.op_type != "Cast":
            self.assembler.note(f"the host computes what stands before the first quantizer: {node.op_type}")
        return True

    def _layer(self, node: NodeProto, names: list[str]) -> None:
        if len(names) > 1 or node.op_type == "Concat":
            self._reached(node.output[0], join(node, [self._branch(name) for name in names]))
            return
        branch = self._branch(names[0])
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
        self._reached(node.output[0], branch)

    def _passed(self, node: NodeProto) -> None:
        if node.op_type == "Cast" and attribute(node, "to", 1) != onnx.TensorProto.FLOAT:
            raise UnsupportedError.at(node, "casts to another type than float32")
        if node.op_type == "Dropout" and len(node.input) > 2 and self.constants.get(node.input[2]):
            raise UnsupportedError.at(node, "training mode; export the network in eval mode")


def check_supported(node: NodeProto) -> None:
    """UnsupportedError, by name, for an op that is not read."""
    if is_quant(node):
        return
    if node.domain not in ("", "ai.onnx"):
        raise UnsupportedError.at(
            node,
            f"op of domain {brief(node.domain)} is not supported; ONNX's own are, and QONNX's quantizers",
        )
    if node.op_type not in SUPPORTED or node.op_type in QUANT:
        why = _BETTER.get(node.op_type, f"supported are {', '.join(SUPPORTED)}")
        raise UnsupportedError.at(node, f"op is not supported; {why}")
