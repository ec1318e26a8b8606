# SPDX-License-Identifier: Apache-2.0
"""Every module of a built design alone: numpy = custom op = generated RTL, behind FINN's port names."""

from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.ops import register
from fpgan.hw.design import Design
from fpgan.sim.benches.stream_bench import FINN_PORTS, Ports, StreamCase, check_streams
from fpgan.sim.golden import threshold
from fpgan.sim.packing import pack

IMAGES = 3
# FINN's thresholding has an AXI-Lite port and a set selection that a design without them ties off.
TIED = {
    f"s_axilite_{name}": "'0"
    for name in (
        "AWVALID", "AWADDR", "WVALID", "WDATA", "WSTRB", "BREADY", "ARVALID", "ARADDR", "RREADY",
    )
} | {"in1_V_TVALID": "'0", "in1_V_TDATA": "'0"}  # fmt: skip


def executed(model, node, x):
    """The custom op's own execution, image by image."""
    op = getCustomOp(node)
    results = []
    for image in x:
        context = {name: model.get_initializer(name) for name in node.input}
        context[node.input[0]] = image[None].astype(np.float32)
        op.execute_node(context, model.graph)
        results.append(context[node.output[0]])
    return np.rint(np.concatenate(results)).astype(np.int64)


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize("name", ["deconv_1", "narrow_1", "threshold_1", "threshold_2", "widen_0", "fifo_1"])
def test_module_equals_its_op(build_preset, tmp_path, name):
    build = build_preset("tiny", target_fps=330_000)
    design = Design.load(build)
    layer = next((x for x in design.layers if x.name == name), None)
    assert layer is not None, [x.name for x in design.layers]
    register()
    model = ModelWrapper(str(build / "dataflow.onnx"))
    node = next(n for n in model.graph.node if n.name == name)
    op = getCustomOp(node)
    idt, odt = op.get_input_datatype(), op.get_output_datatype()
    shape = (IMAGES, *(int(v) for v in op.get_normal_input_shape()[1:]))
    x = np.random.default_rng(0).integers(int(idt.min()), int(idt.max()) + 1, shape)
    y = executed(model, node, x)
    if node.op_type == "Thresholding_rtl":
        steps = np.rint(model.get_initializer(node.input[1])).astype(np.int64)
        assert np.array_equal(y, threshold(x, steps, op.get_nodeattr("ActVal")))
    case = StreamCase(
        {},
        pack(x, int(op.get_folded_input_shape()[-1]), idt.bitwidth()),
        pack(y, int(op.get_folded_output_shape()[-1]), odt.bitwidth()),
    )
    tied = TIED if node.op_type == "Thresholding_rtl" else {}
    ports = Ports(source=FINN_PORTS.source, sink=FINN_PORTS.sink, suffixes=FINN_PORTS.suffixes, tied=tied)
    sources = [design.rtl / source for source in layer.sources]
    check_streams(layer.module, sources, [case], tmp_path, ports=ports, run_dir=design.rtl, warnings=False)
