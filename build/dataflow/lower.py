# SPDX-License-Identifier: Apache-2.0
"""Integer graph to FINN hardware ops: Deconv_rtl and Thresholding_rtl, with PixelPad_rtl where asked for.

Where pixels are picked PixelSelect_rtl; where images meet Add_rtl, Concat_rtl; where one has several
consumers Fork_rtl.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.integer_graph import REACH, USEFUL_MACS
from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.dataflow.styles import STYLES, DeconvStyle
from fpgan.build.frontend.constants import attribute
from fpgan.hw.geometry import DeconvGeometry


def lower(model: ModelWrapper, style: DeconvStyle = "subpixel") -> ModelWrapper:
    """Integer graph (NCHW) -> FINN dataflow graph (NHWC), unfolded (PE = SIMD = 1).

    `subpixel`: each output pixel multiplies only the taps that it has, on the input as it comes.
    `zero_insert`: zeros between the pixels, then a dense convolution: stride^2 times the work.
    """
    if style not in STYLES:
        raise ValueError(f"deconv={style}; known are {' and '.join(STYLES)}")
    register()
    return _Lowering(model, style).run()


class _Lowering:
    def __init__(self, model: ModelWrapper, style: DeconvStyle) -> None:
        self.source, self.style = model, style
        self.useful: dict[str, int] = json.loads(model.get_metadata_prop(USEFUL_MACS))
        self.nodes: list[NodeProto] = []
        self.tensors: list[tuple[str, list[int], Any]] = []
        self.values: dict[str, tuple[np.ndarray, Any]] = {}
        self.reads = Counter(name for node in model.graph.node for name in node.input)
        self.branches: Counter[str] = Counter()  # of forked tensors, those that have a consumer

    def run(self) -> ModelWrapper:
        first = self.source.graph.input[0].name
        self._tensor(first, self._shape(first), self.source.get_tensor_datatype(first))
        self._fork(first)
        lowered = {"ConvTranspose": self._deconv, "MultiThreshold": self._threshold, "Add": self._add,
                   "Concat": self._concat, "Reshape": self._regroup, "Gather": self._gather}  # fmt: skip
        for node in self.source.graph.node:
            if node.op_type in lowered and not node.name.startswith("row_"):
                lowered[node.op_type](node)
        return self._finish()

    def _fork(self, image: str) -> None:
        """A Fork_rtl behind an image with several consumers."""
        count = self.reads[image]
        if count < 2:
            return
        shape, datatype = self._shape(image), self.source.get_tensor_datatype(image)
        branches = [f"{image}_{k}" for k in range(count)]
        self.nodes.append(
            _node("Fork_rtl", [image], branches, image.replace("image", "fork"), size=shape[1:3],
                  NumChannels=shape[3], inputDataType=datatype.name, outputDataType=datatype.name)
        )  # fmt: skip
        for name in branches:
            self._tensor(name, shape, datatype)

    def _read(self, image: str) -> str:
        """The stream that the next consumer of an image reads."""
        if self.reads[image] < 2:
            return image
        self.branches[image] += 1
        return f"{image}_{self.branches[image] - 1}"

    def _shape(self, tensor: str) -> list[int]:
        n, c, h, w = self.source.get_tensor_shape(tensor)
        return [n, h, w, c]

    def _tensor(self, name: str, shape: list[int], datatype: Any) -> None:
        self.tensors.append((name, shape, datatype))

    def _initializer(self, name: str) -> None:
        self.values[name] = (self.source.get_initializer(name), self.source.get_tensor_datatype(name))

    def _deconv(self, node: NodeProto) -> None:
        x, w = node.input[:2]
        y, steps = self._kept(node)
        weights, groups = self.source.get_initializer(w), int(attribute(node, "group", 1))
        _, h, width, ci = self._shape(x)
        stride, pads, padding = (attribute(node, name, default) for name, default in _CONV_DEFAULTS)
        dilation = attribute(node, "dilations", (1, 1))
        geometry = DeconvGeometry.make((h, width), weights.shape[2:], stride, pads, padding, steps, dilation)
        useful = self.useful[node.name]
        datatype = self.source.get_tensor_datatype(x)
        x = self._read(x)
        strided = (geometry.rows.stride, geometry.cols.stride) != (1, 1)
        if self.style == "zero_insert" and strided:
            size, dense = geometry.zero_inserted()
            padded = f"{x}_padded"
            self.nodes.append(
                _node("PixelPad_rtl", [x], [padded], node.name.replace("deconv", "pixel_pad"),
                      size=list(geometry.in_shape), stride=[geometry.rows.stride, geometry.cols.stride],
                      out=list(size), NumChannels=ci,
                      inputDataType=datatype.name, outputDataType=datatype.name)
            )  # fmt: skip
            self._tensor(padded, [1, *size, ci], datatype)
            x, geometry = padded, dense
        acc, wdt = self.source.get_tensor_datatype(y), self.source.get_tensor_datatype(w)
        rows, cols = geometry.rows, geometry.cols
        self.nodes.append(
            _node("Deconv_rtl", [x, w], [y], node.name,
                  size=[rows.size, cols.size], kernel=[rows.kernel, cols.kernel],
                  stride=[rows.stride, cols.stride], pad=[rows.pad, cols.pad], out=[rows.out, cols.out],
                  step=[rows.step, cols.step], dilation=[rows.dilation, cols.dilation], CI=ci,
                  CO=int(weights.shape[1]) * groups, groups=groups,
                  inputDataType=datatype.name, weightDataType=wdt.name, outputDataType=acc.name,
                  narrow_weights=int(weights.min() > wdt.min()), useful_macs=useful)
        )  # fmt: skip
        self._tensor(y, self._shape(y), acc)
        self._initializer(w)

    def _kept(self, node: NodeProto) -> tuple[str, tuple[int, int]]:
        """The accumulators that leave a ConvTranspose, and their steps: a Slice may keep some."""
        after = self.source.find_consumers(node.output[0])[0]
        if after.op_type != "Slice":
            return node.output[0], (1, 1)
        rows, cols = (int(n) for n in self.source.get_initializer(after.input[4]))
        return after.output[0], (rows, cols)

    def _threshold(self, node: NodeProto) -> None:
        x, t, y = node.input[0], node.input[1], node.output[0]
        op = getCustomOp(node)
        shape, steps = self._shape(x), self.source.get_tensor_shape(t)[1]
        odt, acc = DataType[op.get_nodeattr("out_dtype")], self.source.get_tensor_datatype(x)
        self.nodes.append(
            _node("Thresholding_rtl", [self._read(x), t], [y], node.name, exec_mode="cppsim",
                  PE=1, NumChannels=shape[3], numSteps=steps, numInputVectors=shape[:3],
                  inputDataType=acc.name, weightDataType=self.source.get_tensor_datatype(t).name,
                  outputDataType=odt.name, ActVal=int(op.get_nodeattr("out_bias")))
        )  # fmt: skip
        self._tensor(y, shape, odt)
        self._initializer(t)
        self._fork(y)

    def _gather(self, node: NodeProto) -> None:
        """Entries of a table; or pixels, whose columns are picked last."""
        {0: self._lookup, 2: lambda rows: None, 3: self._select}[attribute(node, "axis", 0)](node)

    def _select(self, node: NodeProto) -> None:
        rows = self.source.find_producer(node.input[0])
        image, picked = rows.input[0], [self.source.get_initializer(n.input[1]) for n in (rows, node)]
        datatype, shape = self.source.get_tensor_datatype(image), self._shape(image)
        self.nodes.append(
            _node("PixelSelect_rtl", [self._read(image)], list(node.output), node.name, size=shape[1:3],
                  NumChannels=shape[3], rows=[int(i) for i in picked[0]], cols=[int(i) for i in picked[1]],
                  inputDataType=datatype.name, outputDataType=datatype.name)
        )  # fmt: skip
        self._tensor(node.output[0], self._shape(node.output[0]), datatype)
        self._fork(node.output[0])

    def _lookup(self, node: NodeProto) -> None:
        """A Gather, by numbers to which an Add makes the integers of an image."""
        row = self.source.find_producer(self.source.find_producer(node.input[1]).input[0])
        image, rows = row.input
        starts = self.source.get_initializer(rows).reshape(-1).astype(np.int64)
        kind, made = (self.source.get_tensor_datatype(name) for name in (image, node.output[0]))
        entries = self.source.get_initializer(node.input[0]).reshape(len(starts), -1)
        table = f"{node.name}_table"
        words = np.zeros((len(starts), 1 << kind.bitwidth()), entries.dtype)
        places = (np.arange(entries.shape[1]) - starts[0]) & (words.shape[1] - 1)  # patterns of bits
        words[:, places] = entries
        shape = self._shape(node.output[0])
        self.nodes.append(
            _node("Lookup_rtl", [self._read(image), table], list(node.output), node.name, size=shape[1:3],
                  NumChannels=shape[3], rows=len(words), inputDataType=kind.name, outputDataType=made.name)
        )  # fmt: skip
        self.values[table] = words, made
        self._tensor(node.output[0], shape, made)
        self._fork(node.output[0])

    def _add(self, node: NodeProto) -> None:
        terms = [self._term(name) for name in node.input]
        datatypes = [self.source.get_tensor_datatype(image).name for image, _ in terms]
        total, negated = self._negated(node)
        acc, shape = self.source.get_tensor_datatype(total), self._shape(total)
        self.nodes.append(
            _node("Add_rtl", [self._read(image) for image, _ in terms], [total], node.name,
                  size=shape[1:3], NumChannels=shape[3], factors=[factor for _, factor in terms],
                  inputDataTypes=datatypes, outputDataType=acc.name, **negated)
        )  # fmt: skip
        self._tensor(total, shape, acc)

    def _negated(self, node: NodeProto) -> tuple[str, dict[str, list[int]]]:
        """The accumulators that leave an Add, and which of them a Mul behind it negates."""
        after = self.source.find_consumers(node.output[0])[0]
        if after.op_type != "Mul":
            return node.output[0], {}
        signs = self.source.get_initializer(after.input[1]).reshape(-1)
        return after.output[0], {"negated": [int(sign < 0) for sign in signs]}

    def _term(self, tensor: str) -> tuple[str, int]:
        """The image that a sum's input is, and its factor."""
        scale = self.source.find_producer(tensor)
        if scale is None or scale.op_type != "Mul":
            return tensor, 1
        constants = [self.source.get_initializer(name) for name in scale.input]
        image = next(name for name, c in zip(scale.input, constants, strict=True) if c is None)
        return image, int(next(c for c in constants if c is not None).reshape(-1)[0])

    def _concat(self, node: NodeProto) -> None:
        datatype, shape = self.source.get_tensor_datatype(node.output[0]), self._shape(node.output[0])
        self.nodes.append(
            _node("Concat_rtl", [self._read(image) for image in node.input], list(node.output), node.name,
                  size=shape[1:3], NumChannels=shape[3],
                  channels=[self._shape(image)[3] for image in node.input],
                  inputDataTypes=[self.source.get_tensor_datatype(image).name for image in node.input],
                  outputDataType=datatype.name)
        )  # fmt: skip
        self._tensor(node.output[0], shape, datatype)
        self._fork(node.output[0])

    def _regroup(self, node: NodeProto) -> None:
        """A Reshape to (1,H,W,C) and the Transpose behind it: the stream of a flat pixel stays as it is."""
        image = self.source.find_consumers(node.output[0])[0].output[0]
        flat, shape = self._shape(node.input[0]), self._shape(image)
        datatype = self.source.get_tensor_datatype(image)
        self.nodes.append(
            _node("WidthConvert_rtl", [node.input[0]], [image], node.name, shape=flat, out_shape=shape,
                  inputDataType=datatype.name, outputDataType=datatype.name)
        )  # fmt: skip
        self._tensor(image, shape, datatype)
        self._fork(image)

    def _finish(self) -> ModelWrapper:
        infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s, _ in self.tensors]
        graph = helper.make_graph(self.nodes, "dataflow", infos[:1], infos[-1:], value_info=infos[1:-1])
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for name, (value, datatype) in self.values.items():
            model.set_initializer(name, value)
            model.set_tensor_datatype(name, datatype)
        for name, _, datatype in self.tensors:
            model.set_tensor_datatype(name, datatype)
        model.set_metadata_prop(REACH, self.source.get_metadata_prop(REACH) or "{}")
        for key in ("input_scale", "output_scale"):
            model.set_metadata_prop(key, self.source.get_metadata_prop(key))
        return model


_CONV_DEFAULTS = (("strides", (1, 1)), ("pads", (0, 0, 0, 0)), ("output_padding", (0, 0)))


def _node(op: str, inputs: list[str], outputs: list[str], name: str, **attrs: Any) -> NodeProto:
    return helper.make_node(
        op, inputs, outputs, name=name, domain=RTL_DOMAIN, backend="fpgadataflow", **attrs
    )
