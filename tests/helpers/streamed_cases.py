# SPDX-License-Identifier: Apache-2.0
"""Benches of deconvolutions whose weights are streamed: pixels and weights in, accumulators out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import finn
import numpy as np
from finn.util.basic import get_dsp_block
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.linear import Linear
from fpgan.hw.boards import get_board
from fpgan.hw.geometry import DeconvGeometry
from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import StreamCase
from fpgan.sim.golden import deconv
from fpgan.sim.packing import pack

BATCHES = 3
_NODE = ("beat_bits", "weight_memory", "core")


@dataclass(frozen=True)
class Shape:
    """size, kernel, stride, pads: see DeconvGeometry.make; tiles of the co channels, each for `batch`."""

    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    ci: int
    co: int
    pe: int
    simd: int
    tiles: int
    batch: int
    taps: tuple[int, int] = (1, 1)
    core: str = "lut"
    weight_memory: str = "distributed"
    beat_bits: int = 16
    datatype: str = "UINT4"
    board: str = "ultra96"


SHAPES = {
    # A bank of one word is written again as soon as its last read allows it.
    "one_word": Shape((2, 2), (1, 1), (1, 1), (0, 0, 0, 0), 4, 8, 2, 4, 4, 1, beat_bits=32),
    "dense": Shape((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), 6, 8, 2, 3, 4, 2, datatype="INT8"),
    "level": Shape((2, 3), (4, 4), (2, 2), (1, 1, 1, 1), 4, 6, 2, 2, 3, 1, beat_bits=8),
    "wide_words": Shape(
        (2, 2), (4, 4), (2, 2), (1, 1, 1, 1), 4, 8, 4, 4, 2, 3, (2, 2), weight_memory="block"
    ),
    "narrow_words": Shape((3, 2), (3, 3), (1, 1), (1, 1, 1, 1), 3, 4, 1, 1, 4, 2, beat_bits=64),
    "cascade": Shape((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), 8, 4, 2, 8, 2, 2, core="cascade", datatype="INT8"),
    "slow_memory": Shape((1, 2), (2, 2), (1, 1), (0, 0, 0, 0), 8, 6, 3, 8, 2, 1, beat_bits=8),
}


def streamed_node(shape: Shape, name: str = "deconv_0") -> tuple[ModelWrapper, DeconvGeometry, Any]:
    """A graph with one Deconv_rtl on random weights that are streamed; its geometry; its weights."""
    register()
    rng, kind = np.random.default_rng(0), DataType[shape.datatype]
    weights = rng.integers(-8, 8, (shape.ci, shape.co, *shape.kernel))
    geometry = DeconvGeometry.make(shape.size, shape.kernel, shape.stride, shape.pads)
    linear = Linear(weights, shape.size, shape.stride, shape.pads, (0, 0))
    low, high = linear.accumulator_range(int(kind.min()), int(kind.max()))
    acc, rows, cols = (
        smallest_type(int(low.min()), int(high.max()), signed=True),
        geometry.rows,
        geometry.cols,
    )
    node = helper.make_node(
        "Deconv_rtl", ["x", "w"], ["y"], name=name, domain=RTL_DOMAIN, backend="fpgadataflow",
        size=list(shape.size), kernel=list(shape.kernel), stride=list(shape.stride), pad=[rows.pad, cols.pad],
        out=[rows.out, cols.out], CI=shape.ci, CO=shape.co, PE=shape.pe, SIMD=shape.simd,
        taps=list(shape.taps),
        inputDataType=shape.datatype, weightDataType="INT4", outputDataType=acc.name, useful_macs=1,
        weight_storage="streamed", tiles=shape.tiles, batch=shape.batch,
        dsp_block=get_dsp_block(get_board(shape.board).part),
        **{key: getattr(shape, key) for key in _NODE},
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *shape.size, shape.ci])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, *geometry.out_shape, shape.co])],
    )  # fmt: skip
    model = ModelWrapper(qonnx_make_model(graph))
    model.set_initializer("w", weights.astype(np.float32))
    model.set_tensor_datatype("w", DataType["INT4"])
    model.set_tensor_datatype("x", kind)
    model.set_tensor_datatype("y", acc)
    return model, geometry, weights


def streamed_case(name: str, folder: Path) -> tuple[StreamCase, list[Path]]:
    """A case of check_streams, whose second source is the weights with tlast above; its sources.

    Writes FOLDER/NAME.sv, the module of the case.
    """
    shape = SHAPES[name]
    model, geometry, weights = streamed_node(shape)
    op, rng = getCustomOp(model.graph.node[0]), np.random.default_rng(1)
    kind, acc = op.get_input_datatype(), op.get_output_datatype()
    x = rng.integers(int(kind.min()), int(kind.max()) + 1, (BATCHES * shape.batch, *shape.size, shape.ci))
    y = deconv(x, weights, geometry).reshape(BATCHES, shape.batch, *geometry.out_shape, shape.tiles, -1)
    given = np.repeat(x.reshape(BATCHES, 1, shape.batch, *shape.size, shape.ci), shape.tiles, 1)
    content = np.frombuffer(op.weight_stream(model), np.uint8).reshape(-1, shape.beat_bits // 8)
    last = (np.arange(len(content)) == len(content) - 1).astype(np.uint8)[:, None]
    beats = np.tile(np.concatenate([content, last], 1), (BATCHES, 1))
    parameters = op.parameters(get_board(shape.board).part)
    (folder / f"{name}.sv").write_text(_module(name, parameters, op))
    outputs = pack(y.transpose(0, 4, 1, 2, 3, 5).reshape(-1, *geometry.out_shape, shape.co // shape.tiles),
                   shape.pe, acc.bitwidth())  # fmt: skip
    inputs = pack(given.reshape(-1, *shape.size, shape.ci), shape.simd, kind.bitwidth())
    timing = _timing(model)
    case = StreamCase({}, [inputs, beats], outputs, cycles=timing, module=name)
    library = Path(finn.__file__).parent / "finn-rtllib"
    files = [*sources("weight_tiles", library), *sources(op.source_key(), library)]
    return case, [*files, folder / f"{name}.sv"]


def _timing(model: ModelWrapper) -> int:
    """First to last output beat of a free-running stream, by the token model."""
    from fpgan.build.folding.schedule import timing as schedule

    batch = getCustomOp(model.graph.node[0]).batch
    said = schedule.run(model, BATCHES * batch)
    return said.ends[-1] - said.first[-1] + 1


def _module(name: str, parameters: dict[str, int | str], op: Any) -> str:
    given = ", ".join(f".{key}({value!r})".replace("'", '"') for key, value in parameters.items())
    in_bits, out_bits = op.get_instream_width_padded(), op.get_outstream_width_padded()
    beat = op.get_nodeattr("beat_bits")
    wide = max(in_bits, beat + 8)
    return f"""module {name} (
    input logic ap_clk, input logic ap_rst_n,
    input logic [{2 * wide - 1}:0] s_axis_tdata,
    input logic [1:0] s_axis_tvalid, output logic [1:0] s_axis_tready,
    output logic [{out_bits - 1}:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready
);
  logic [9:0] load_out;
  logic weights_error;
  deconv #({given}) dut (
      .ap_clk(ap_clk), .ap_clk2x(1'b0), .ap_rst_n(ap_rst_n), .load_in('0), .load_out(load_out),
      .s_axis_weights_tdata(s_axis_tdata[{wide}+:{beat}]), .s_axis_weights_tlast(s_axis_tdata[{wide + beat}]),
      .s_axis_weights_tvalid(s_axis_tvalid[1]), .s_axis_weights_tready(s_axis_tready[1]),
      .weights_error(weights_error), .s_axis_tdata(s_axis_tdata[{in_bits - 1}:0]),
      .s_axis_tvalid(s_axis_tvalid[0]), .s_axis_tready(s_axis_tready[0]), .m_axis_tdata(m_axis_tdata),
      .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready));
  always_ff @(posedge ap_clk)
    if (ap_rst_n) assert (!weights_error) else $error("{name}: a round ended elsewhere");
endmodule
"""
