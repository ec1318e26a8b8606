# SPDX-License-Identifier: Apache-2.0
"""Pixels picked of small images: a graph of one pixel_select, and what its module makes of random ones."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.folding.schedule import timing as schedule
from fpgan.sim.benches.stream_bench import StreamCase
from fpgan.sim.golden import select
from fpgan.sim.packing import pack

IMAGES = 3
# rows, columns, channels, PE, rows and columns that are picked
CASES = {
    "mirrored": ((4, 5), 4, 2, (2, 1, 0, 1, 2, 3, 2, 1), (1, 0, 1, 2, 3, 4, 3)),
    "repeated": ((3, 3), 2, 2, (0, 0, 1, 2, 2), (0, 0, 0, 1, 2)),
    "wrapped": ((3, 4), 2, 1, (2, 0, 1, 2, 0), (3, 0, 1, 2, 3, 0)),
    "left_out": ((6, 5), 3, 1, (0, 2, 4), (1, 3)),
    "last_left_out": ((5, 4), 2, 1, (1, 3), (0, 1)),
    "upside_down": ((3, 2), 2, 2, (2, 1, 0), (1, 0)),
    "one": ((1, 1), 1, 1, (0,), (0,)),
    "one_of_many": ((4, 4), 6, 3, (2,), (3,)),
    "one_often": ((1, 1), 4, 2, (0, 0, 0), (0, 0)),
}


def node_model(size, channels, pe, rows, cols, bits=5):
    register()
    node = helper.make_node(
        "PixelSelect_rtl", ["x"], ["y"], name="pixel_select_0", domain=RTL_DOMAIN, backend="fpgadataflow",
        size=list(size), NumChannels=channels, PE=pe, rows=list(rows), cols=list(cols),
        inputDataType=f"UINT{bits}", outputDataType=f"UINT{bits}",
    )  # fmt: skip
    shapes = {"x": [1, *size, channels], "y": [1, len(rows), len(cols), channels]}
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    return ModelWrapper(qonnx_make_model(helper.make_graph([node], "one", infos[:1], infos[1:])))


def select_case(name, folder, bits=5) -> StreamCase:
    """One of CASES; its tables go to `folder`."""
    size, channels, pe, rows, cols = CASES[name]
    model = node_model(size, channels, pe, rows, cols)
    timing = schedule.run(model, IMAGES)
    op = getCustomOp(model.graph.node[0])
    model.graph.node[0].name = name
    op.write_data(model, folder)
    x = np.random.default_rng(1).integers(0, 1 << bits, (IMAGES, *size, channels))
    y = select(x, rows, cols)
    assert np.array_equal(execute_onnx(model, {"x": x[:1].astype(np.float32)})["y"], y[:1])
    cycles = timing.ends[-1] - timing.first[-1] + 1
    return StreamCase(
        op.parameters(""), pack(x, pe, bits), pack(y, pe, bits), cycles=cycles, module="pixel_select"
    )
