# SPDX-License-Identifier: Apache-2.0
"""pixel_select.sv: the op's pixels, in as many cycles as the token model says, for any rows and columns."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.folding.schedule import timing as schedule
from fpgan.hw.geometry import Selection
from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import StreamCase, check_streams
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


def stream_case(name, folder, bits=5):
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
    return StreamCase(op.parameters(""), pack(x, pe, bits), pack(y, pe, bits), cycles=cycles)


@pytest.mark.verilator
def test_rtl(tmp_path):
    cases = [stream_case(name, tmp_path) for name in CASES]
    check_streams(
        "pixel_select", sources("pixel_select", tmp_path), cases, tmp_path / "bench", run_dir=tmp_path
    )


@pytest.mark.parametrize("name", CASES)
def test_images_follow_at_the_rate_of_the_busier_side(name):
    """Rows of the next image find room while this one's last are still read."""
    size, channels, pe, rows, cols = CASES[name]
    words = channels // pe * max(size[0] * size[1], len(rows) * len(cols))
    period = schedule.run(node_model(size, channels, pe, rows, cols), 6).period
    assert words <= period <= max(words + 8, 12)


def test_what_is_picked_lies_inside():
    with pytest.raises(ValueError, match=r"picked \(0, 3\); at least one of 0 to 2 is expected"):
        Selection(3, (0, 3))
