# SPDX-License-Identifier: Apache-2.0
"""Small quantized ONNX models for tests, as QONNX or QCDQ, and what their own runtimes make of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.flow import build
from fpgan.build.folding.limits import MOST_MHZ
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.sim.simulate import simulate

QONNX = "qonnx.custom_op.general"


@dataclass
class Chain:
    """A model that grows node by node from an input `x`; `tensor` is what the last node put out."""

    shape: tuple
    style: str = "qonnx"  # or qcdq
    opset: int = 13
    qonnx_opset: int = 1
    seed: int = 0
    constant_nodes: bool = False
    nodes: list[NodeProto] = field(default_factory=list)
    values: list[tuple[str, np.ndarray]] = field(default_factory=list)
    tensor: str = "x"

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)

    def const(self, value, dtype=np.float32):
        name = f"c{len(self.values)}"
        self.values.append((name, np.asarray(value, dtype)))
        return name

    def op(self, kind, *inputs, domain="", outputs=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        node = helper.make_node(
            kind,
            [self.tensor, *inputs],
            names,
            name=f"{kind.lower()}_{len(self.nodes)}",
            domain=domain,
            **attributes,
        )
        self.nodes.append(node)
        self.tensor = names[0]
        return self

    def quant(self, scale, bits=4, signed=True, narrow=False, zero=0, rounding="ROUND", op="Quant"):
        """An activation quantizer, or one on `self.tensor` whatever it is."""
        if self.style == "qonnx":
            return self.op(
                op, self.const(scale), self.const(zero), self.const(bits), domain=QONNX, signed=int(signed),
                narrow=int(narrow), rounding_mode=rounding,
            )  # fmt: skip
        dtype = np.int8 if signed else np.uint8
        s, z = self.const(scale), self.const(zero, dtype)
        low = -(2 ** (bits - 1)) + narrow if signed else 0
        high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
        self.op("QuantizeLinear", s, z)
        if bits < 8 or narrow:
            self.op("Clip", self.const(low, dtype), self.const(high, dtype))
        return self.op("DequantizeLinear", s, z)

    def weights(self, shape, scale=0.25, bits=4, axis=None, narrow=True):
        """Name of quantized random weights; `axis`: one scale per index of that axis."""
        high = 2 ** (bits - 1) - 1
        integers = self.rng.integers(-high if narrow else -high - 1, high + 1, shape)
        scales = np.asarray(scale, np.float32)
        if axis is not None:
            form = [1] * len(shape)
            form[axis] = -1
            scales = (scale * 2.0 ** (np.arange(shape[axis]) % 3 - 1)).astype(np.float32)
            wide = scales.reshape(form)
        else:
            wide = scales
        main, index = self.tensor, len(self.nodes)
        if self.style == "qonnx":
            self.tensor = self.const(integers * wide)
            self.quant(wide, bits, True, narrow)
        else:
            self.tensor = self.const(integers, np.int8)
            more = {} if axis is None else {"axis": axis}
            zero = self.const(np.zeros(scales.shape), np.int8)
            self.op("DequantizeLinear", self.const(scales), zero, **more)
        assert len(self.nodes) == index + 1
        name, self.tensor = self.tensor, main
        return name

    def model(self, batch=1) -> onnx.ModelProto:
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (batch, *self.shape[1:]))]
        outputs = [helper.make_tensor_value_info(self.tensor, TensorProto.FLOAT, [None] * len(self.shape))]
        nodes, inits = list(self.nodes), []
        for name, value in self.values:
            tensor = numpy_helper.from_array(value, name)
            if self.constant_nodes:
                nodes.insert(0, helper.make_node("Constant", [], [name], value=tensor))
            else:
                inits.append(tensor)
        graph = helper.make_graph(nodes, "g", inputs, outputs, inits)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(QONNX, self.qonnx_opset)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = 8
        return model

    def run(self, x: np.ndarray) -> np.ndarray:
        """The model's own output, by onnxruntime, node by node through qonnx where it has QONNX ops."""
        model = self.model()
        if self.style == "qcdq":
            session = onnxruntime.InferenceSession(
                model.SerializeToString(), providers=["CPUExecutionProvider"]
            )
            return np.concatenate([session.run(None, {"x": image[None]})[0] for image in x])
        wrapped = ModelWrapper(model).transform(InferShapes())
        return np.concatenate([execute_onnx(wrapped, {"x": image[None]})[self.tensor] for image in x])


def at_rtl(path, out, stall=0.0, cores=("lut", "dsp")):
    """Build a cheap design and simulate it; returns the build's report."""
    clock = min(300.0, *(MOST_MHZ.get(core, 300.0) for core in cores))
    report = build(path, out, clock_mhz=clock, target_fps=50_000, cores=cores)
    assert report["threshold_proof"]["mismatches"] == report["dataflow_check"]["mismatches"] == 0
    result = simulate(out, images=8, stall=stall)
    assert result["mismatches"] == 0 and result["pixels"] > 0
    assert stall or result["cycles_per_image"] == report["cycles_per_image"]
    return report


def check(chain, channels_last=False, images=2):
    """File's runtime = exact network = dataflow graph, and the thresholds are proved."""
    network = read_network(chain.model())
    rng = np.random.default_rng(5)
    q = rng.choice(network.source.values, (images, *network.dims))
    x = (q * network.source.scale).astype(np.float32)
    x = x.transpose(0, 2, 3, 1) if channels_last else x
    expected = np.rint(chain.run(x.reshape(images, *chain.shape[1:])) / network.target.scale)
    exact = run_network(network, q, exact=True)
    assert len(np.unique(exact)) > 1
    shown = exact.transpose(0, 2, 3, 1) if channels_last else exact
    assert np.array_equal(shown.reshape(expected.shape), expected)
    dataflow = lower(integer_graph(network))
    assert np.array_equal(run_dataflow(dataflow, q[0]), exact[0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    return network
