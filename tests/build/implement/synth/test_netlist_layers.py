# SPDX-License-Identifier: Apache-2.0
"""Netlists of every kind of layer at gate level, against numpy."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from finn.util.basic import get_dsp_block
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model
from requantize_cases import CASES, requantize_case
from select_cases import select_case

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.implement.synth.fanout import LIMIT
from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.geometry import DeconvGeometry
from fpgan.hw.sources import cells, sources
from fpgan.sim.benches.stream_bench import Ports, StreamCase, bench_source, run_bench
from fpgan.sim.golden import deconv, threshold, zero_insert
from fpgan.sim.packing import pack

pytestmark = [pytest.mark.verilator, pytest.mark.yosys]

BOARDS = {"xcup": "ultra96", "xc7": "pynq-z2"}
IMAGES = 3
MARKED = CASES[4]  # 3 bits of marks, several words of a pixel

THRESHOLD = """
module threshold_case (
    input  logic ap_clk, ap_rst_n,
    input  logic [{inputs}:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
    output logic [{outputs}:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready
);
  threshold_1 layer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n),
      .in0_V_TDATA(s_axis_tdata), .in0_V_TVALID(s_axis_tvalid), .in0_V_TREADY(s_axis_tready),
      .out0_V_TDATA(m_axis_tdata), .out0_V_TVALID(m_axis_tvalid), .out0_V_TREADY(m_axis_tready),
      .s_axilite_AWVALID('0), .s_axilite_AWADDR('0), .s_axilite_WVALID('0), .s_axilite_WDATA('0),
      .s_axilite_WSTRB('0), .s_axilite_BREADY('0), .s_axilite_ARVALID('0), .s_axilite_ARADDR('0),
      .s_axilite_RREADY('0), .in1_V_TVALID('0), .in1_V_TDATA('0));
endmodule
"""


def deconv_case(core: str, part: str, folder: Path) -> tuple[StreamCase, list[Path]]:
    """4 x 4 stride 2 on 3 x 3 pixels, 4 to 4 channels at 2 x 2 per cycle; core: or of each channel one."""
    core, _, side = core.partition("_")
    rng = np.random.default_rng(1)
    weights = rng.integers(-7, 8, (4, 4, 4, 4))
    geometry = DeconvGeometry.make((3, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0))
    node = helper.make_node(
        "Deconv_rtl", ["x", "w"], ["y"], name=f"deconv_{core}{side}", domain=RTL_DOMAIN,
        backend="fpgadataflow",
        size=[3, 3], kernel=[4, 4], stride=[2, 2], pad=[1, 1], out=[6, 6], CI=4, CO=4, PE=2, SIMD=2,
        core=core, side_pe=int(side != ""), side_core=side or "lut", side_memory="block",
        inputDataType="UINT4", weightDataType="INT4", outputDataType="INT12", useful_macs=1, narrow_weights=1,
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6, 6, 4])],
    )  # fmt: skip
    model = ModelWrapper(qonnx_make_model(graph))
    model.set_initializer("w", weights.astype(np.float32))
    model.set_tensor_datatype("w", DataType["INT4"])
    op = getCustomOp(model.graph.node[0])
    op.set_nodeattr("dsp_block", get_dsp_block(part))
    op.write_data(model, folder)
    x = rng.integers(0, 16, (IMAGES, 3, 3, 4))
    case = StreamCase(
        op.parameters(part), pack(x, 2, 4), pack(deconv(x, weights, geometry), 2, 12), module="deconv"
    )
    return case, finn_sources(op.source_key())


def finn_sources(module: str) -> list[Path]:
    import finn

    return sources(module, Path(next(iter(finn.__path__))) / "finn-rtllib")


def stream_cases(tiny: Path, part: str, folder: Path) -> tuple[list[StreamCase], list[str]]:
    """A case for every kind of layer, and their sources' names in `folder`."""
    rng = np.random.default_rng(2)
    paths = [path for module in ("fifo", "width_convert", "pixel_pad") for path in finn_sources(module)]
    cases = []
    for core in ("dsp", "lut", "cascade", "lut_cascade"):
        case, needed = deconv_case(core, part, folder)
        cases.append(case)
        paths += [path for path in needed if path not in paths]
    for taken, given in ((2, 6), (6, 2), (3, 2)):
        values = rng.integers(0, 16, 40 * 6)
        parameters: dict[str, int | str] = {"IN_ELEMS": taken, "OUT_ELEMS": given, "ELEM_BITS": 4}
        cases.append(
            StreamCase(parameters, pack(values, taken, 4), pack(values, given, 4), module="width_convert")
        )
    words = pack(rng.integers(0, 2**12, 200), 1, 12)
    cases.append(StreamCase({"WIDTH": 12, "DEPTH": 40}, words, words, module="fifo"))
    x = rng.integers(0, 16, (IMAGES, 3, 4, 4))
    parameters = {"H": 3, "W": 4, "CF": 2, "WIDTH": 8, "SH": 2, "SW": 2, "OPH": 1, "OPW": 1}
    cases.append(
        StreamCase(parameters, pack(x, 2, 4), pack(zero_insert(x, (2, 2), (6, 8)), 2, 4), module="pixel_pad")
    )
    version = 2 if part.startswith("xczu") else 1
    for core in ("lut", "dsp"):
        cases.append(requantize_case(MARKED, core, folder, version))
        paths += [path for path in finn_sources(f"stream_requantize_{core}") if path not in paths]
    cases.append(select_case("mirrored", folder))
    paths += [path for path in finn_sources("pixel_select") if path not in paths]
    names = copy_finn_sources(paths, folder)
    return [*cases, threshold_case(tiny, folder, names)], names


def threshold_case(tiny: Path, folder: Path, names: list[str]) -> StreamCase:
    """The second thresholding of a built design, fed at random; adds its sources to `names`."""
    design = Design.load(tiny)
    layer = next(x for x in design.layers if x.name == "threshold_1")
    for path in [*(design.rtl / name for name in layer.sources), *design.rtl.glob("threshold_1_*.dat")]:
        shutil.copy(path, folder / path.name)
    model = ModelWrapper(str(tiny / "dataflow.onnx"))
    node = next(n for n in model.graph.node if n.name == "threshold_1")
    op = getCustomOp(node)
    idt, odt, pe = op.get_input_datatype(), op.get_output_datatype(), op.get_nodeattr("PE")
    x = np.random.default_rng(3).integers(
        int(idt.min()), int(idt.max()) + 1, (IMAGES, 4, 4, op.get_nodeattr("NumChannels"))
    )
    steps = np.rint(model.get_initializer(node.input[1])).astype(np.int64)
    y = threshold(x, steps, op.get_nodeattr("ActVal"))
    inputs, outputs = pack(x, pe, idt.bitwidth()), pack(y, pe, odt.bitwidth())
    (folder / "threshold_case.sv").write_text(
        THRESHOLD.format(inputs=8 * inputs.shape[1] - 1, outputs=8 * outputs.shape[1] - 1)
    )
    names += [*layer.sources, "threshold_case.sv"]
    return StreamCase({}, inputs, outputs, module="threshold_case")


@pytest.fixture(scope="session")
def tiny(build_preset):
    return build_preset("tiny", target_fps=150_000)


@pytest.mark.parametrize("family", ["xcup", "xc7"])
def test_every_kind_of_layer_equals_numpy(tiny, tmp_path, family):
    register()
    cases, names = stream_cases(tiny, get_board(BOARDS[family]).part, tmp_path)
    (tmp_path / "bench.sv").write_text(bench_source("", cases, Ports()))
    found = synth_module(tmp_path, [*names, "bench.sv"], "bench", family, tmp_path / "work")
    assert found["cells"].get("DSP48E2" if family == "xcup" else "DSP48E1")
    assert found["fanout"]["loads"] <= LIMIT
    run_bench(
        [*cells(), tmp_path / "work/bench.v"], cases, tmp_path / "build", warnings=False, optimize=False
    )
