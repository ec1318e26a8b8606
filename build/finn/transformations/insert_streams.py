# SPDX-License-Identifier: Apache-2.0
"""Our width converters and FIFOs between FINN's layers and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from fpgan.build.dataflow.ops import RTL_DOMAIN
from fpgan.build.dataflow.streams import check_width

SMALLEST = 2  # words


class InsertStreams(Transformation):
    """In the place of FINN's InsertDWC and InsertFIFO, whose module `fifo` ours would meet in one design:

        a -> b
        a -> WidthConvert_rtl, where their words differ -> Fifo_rtl of `depths` words -> b

    between any two layers of a specialized graph. depths: by the name b_fifo_K of the FIFO in front of b's
    input K; the depths that both sides ask for (outFIFODepths, inFIFODepths; 2 at least) where nothing is
    said. Raises ValueError where a stream word is wider than 8191 bits.
    """

    def __init__(self, depths: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.depths = depths or {}

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        makers = {name: node for node in model.graph.node for name in node.output}
        for node in list(model.graph.node):
            check_width(node)
            for k, tensor in enumerate(node.input):
                if tensor in makers and getCustomOp(node).get_instream_width(k):
                    self._connect(model, makers[tensor], node, k)
        return model, False

    def _connect(self, model: ModelWrapper, before: NodeProto, after: NodeProto, k: int) -> None:
        branch = list(before.output).index(after.input[k])
        maker, reader = getCustomOp(before), getCustomOp(after)
        given = int(maker.get_folded_output_shape(branch)[-1])
        taken = int(reader.get_folded_input_shape(k)[-1])
        if given != taken:
            name = f"{after.name}_width_{k}"
            _insert(model, after, k, name, "WidthConvert_rtl", in_elems=given, out_elems=taken)
        name = f"{after.name}_fifo_{k}"
        asked = max(_asked(maker, "outFIFODepths", branch), _asked(reader, "inFIFODepths", k), SMALLEST)
        _insert(model, after, k, name, "Fifo_rtl", elems=taken, depth=self.depths.get(name, asked))


def _asked(op: Any, name: str, place: int) -> int:
    depths = op.get_nodeattr(name)
    return int(depths[min(place, len(depths) - 1)])


def _insert(model: ModelWrapper, after: NodeProto, k: int, name: str, op: str, **attributes: Any) -> None:
    tensor = after.input[k]
    shape, kind = model.get_tensor_shape(tensor), getCustomOp(after).get_input_datatype(k)
    made = f"{name}_out"
    node = helper.make_node(
        op, [tensor], [made], name=name, domain=RTL_DOMAIN, backend="fpgadataflow", shape=shape,
        inputDataType=kind.name, outputDataType=kind.name, **attributes,
    )  # fmt: skip
    model.graph.value_info.append(helper.make_tensor_value_info(made, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(made, kind)
    place = list(model.graph.node).index(after)
    after.input[k] = made
    model.graph.node.insert(place, node)
