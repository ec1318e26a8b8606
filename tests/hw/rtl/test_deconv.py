# SPDX-License-Identifier: Apache-2.0
"""deconv.sv: numpy = custom op = RTL for any geometry, bits and folding, at II = 1 to the cycle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import finn
import numpy as np
import pytest
from finn.util.basic import get_dsp_block
from followed_schedule import follow, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.dataflow.side_by_side import widen
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.folding.schedule import deconv as stages
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.folding.schedule.stage import Stage
from fpgan.build.frontend.linear import Linear
from fpgan.build.writers.rtl import RESET_CYCLES
from fpgan.hw.boards import get_board
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.geometry import DeconvGeometry
from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import LONG, SHORTEST, Ports, StreamCase, check_streams
from fpgan.sim.golden import deconv
from fpgan.sim.packing import pack

IMAGES = 3
PORTS = Ports(clock2x="ap_clk2x")
deconv_as_python = uncompiled("deconv")
US, Z7 = "ultra96", "pynq-z2"
# size, kernel, stride, pads, output_padding, CI, CO, PE, SIMD, taps, core, inputs, weight bits, board,
# steps, seed, groups, dilation
# fmt: off
CASES = {
    "dcgan_dsp": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 8, 4, 2, (1, 1), "dsp", "UINT4", 4, US),
    "dcgan_e1": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 6, 6, 4, (1, 1), "dsp", "UINT4", 4, Z7),
    "dense_lut": ((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), (0, 0), 16, 8, 4, 4, (1, 1), "lut", "INT8", 4, US),
    "dense_dsp": ((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), (0, 0), 8, 4, 2, 1, (1, 1), "dsp", "INT8", 4, US),
    "k5_s2_p2_op1": ((7, 7), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 8, 4, 2, 8, (1, 1), "lut", "INT4", 4, US),
    "pads_1122": ((4, 4), (4, 4), (2, 2), (1, 1, 2, 2), (0, 0), 4, 2, 1, 4, (1, 1), "lut", "UINT4", 3, US),
    "k3_s2_p1_op1": ((4, 5), (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 3, 3, 3, 3, (1, 1), "dsp", "UINT4", 4, US),
    "k1_s1_p2": ((6, 6), (1, 1), (1, 1), (2, 2, 2, 2), (0, 0), 2, 2, 2, 2, (1, 1), "lut", "UINT2", 2, US),
    "k5_s23_p12": ((4, 3), (5, 5), (2, 3), (1, 2, 1, 2), (0, 0), 6, 3, 3, 2, (1, 1), "dsp", "UINT3", 3, US),
    "k42": ((4, 3), (4, 2), (2, 2), (1, 0, 1, 0), (0, 0), 4, 4, 1, 1, (1, 1), "lut", "UINT8", 8, US),
    "k2_s3": ((3, 4), (2, 1), (3, 3), (0, 0, 0, 0), (1, 0), 4, 2, 1, 4, (1, 1), "lut", "INT4", 4, US),
    "taps_22": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 3, 3, 4, (2, 2), "lut", "UINT4", 4, US),
    "taps_12": ((3, 5), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 2, 1, 2, (1, 2), "lut", "INT4", 4, US),
    "taps_21": ((5, 3), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 2, 2, 2, 2, (2, 1), "dsp", "UINT4", 4, US),
    "taps_33": ((5, 7), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 2, 2, 2, 1, (3, 3), "lut", "UINT4", 4, US),
    "taps_23": ((5, 6), (4, 6), (1, 2), (1, 2, 1, 2), (0, 0), 4, 2, 1, 2, (2, 3), "lut", "UINT4", 4, US),
    "taps_pad": ((6, 6), (3, 3), (2, 2), (3, 3, 3, 3), (1, 1), 2, 2, 2, 2, (2, 2), "lut", "UINT4", 4, US),
    "taps_k2_s3": ((3, 4), (2, 1), (3, 3), (0, 0, 0, 0), (1, 0), 2, 2, 1, 2, (2, 2), "lut", "INT4", 4, US),
    "pumped": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 6, 6, 3, 3, (1, 1), "dsp2x", "UINT4", 4, US),
    "pumped_e1": ((3, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 4, 4, 2, (1, 1), "dsp2x", "INT4", 4, Z7),
    "pumped_22": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 2, 3, 3, 2, (2, 2), "dsp2x", "UINT4", 4, US),
    "constant": ((4, 5), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 2, 3, 3, 2, (3, 3), "lut", "INT4", 4, US),
    "step2": (
        (6, 5), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 4, 4, 2, 2, (1, 1), "lut", "UINT4", 4, US, (2, 2),
    ),
    "step3_k1": (
        (7, 8), (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), 4, 2, 1, 4, (1, 1), "dsp", "INT4", 4, US, (3, 3),
    ),
    "step_12": (
        (5, 6), (4, 5), (1, 1), (2, 2, 2, 2), (0, 0), 2, 2, 2, 1, (2, 2), "lut", "INT4", 4, US, (1, 2),
    ),
    "step23_s32": (
        (4, 5), (4, 3), (3, 2), (1, 0, 1, 1), (0, 0), 2, 3, 3, 2, (2, 1), "dsp", "UINT4", 4, US, (2, 3),
    ),
    # Sums of fewer bits than a product of such widths may have.
    "narrow_sum": (
        (3, 2), (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), 1, 1, 1, 1, (1, 1), "dsp", "UINT4", 5, US, (1, 1), 1,
    ),
    "narrow_sum_e1": (
        (3, 2), (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), 1, 1, 1, 1, (1, 1), "dsp", "INT4", 5, Z7, (1, 1), 1,
    ),
    "narrow_sum_2x": (
        (3, 2), (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), 2, 1, 1, 2, (1, 1), "dsp2x", "UINT4", 5, US, (1, 1), 6,
    ),
    "depthwise_4": (
        (4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 8, 4, 4, (1, 1), "lut", "UINT4", 4, US, (1, 1),
        0, 8,
    ),
    "depthwise_1": (
        (3, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 5, 5, 1, 1, (1, 1), "dsp", "INT4", 4, Z7, (1, 1),
        0, 5,
    ),
    "depthwise_22": (
        (4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 4, 2, 2, (2, 2), "dsp2x", "UINT4", 4, US, (1, 1),
        0, 4,
    ),
    "depthwise_constant": (
        (4, 5), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 3, 3, 3, 3, (3, 3), "lut", "INT4", 4, US, (2, 2),
        0, 3,
    ),
    "multiplied": (
        (3, 4), (3, 3), (2, 2), (3, 3, 3, 3), (1, 1), 4, 12, 6, 2, (1, 1), "dsp", "UINT4", 4, US, (1, 1),
        0, 4,
    ),
    "multiplied_1": (
        (3, 2), (2, 2), (2, 2), (0, 0, 0, 0), (0, 0), 2, 6, 1, 1, (1, 1), "lut", "INT3", 5, US, (1, 1),
        0, 2,
    ),
    "within_a_group": (
        (4, 3), (4, 2), (2, 2), (1, 0, 1, 0), (0, 0), 12, 8, 2, 2, (1, 1), "lut", "UINT4", 4, US, (1, 1),
        0, 2,
    ),
    "two_groups": (
        (4, 4), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 8, 12, 6, 4, (1, 2), "dsp", "INT4", 4, Z7, (2, 2),
        0, 4,
    ),
    "all_groups_k1": (
        (4, 3), (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), 6, 9, 9, 6, (1, 1), "dsp2x", "INT8", 8, Z7, (1, 1),
        0, 3,
    ),
    "dilated": (
        (6, 7), (3, 3), (1, 1), (2, 4, 2, 4), (0, 0), 4, 4, 2, 2, (1, 1), "lut", "UINT4", 4, US, (1, 1),
        0, 1, (2, 4),
    ),
    "dilated_33": (
        (7, 9), (3, 3), (1, 1), (2, 4, 2, 4), (0, 0), 2, 3, 3, 2, (3, 3), "lut", "INT4", 4, US, (1, 1),
        0, 1, (2, 4),
    ),
    "dilated_23": (
        (8, 6), (4, 5), (1, 1), (3, 0, 2, 1), (0, 0), 2, 2, 1, 2, (2, 3), "dsp", "UINT4", 4, US, (2, 1),
        0, 1, (3, 2),
    ),
    "dilated_strides": (
        (5, 4), (3, 4), (2, 3), (3, 2, 1, 2), (1, 0), 2, 2, 2, 1, (1, 1), "lut", "INT4", 4, US, (1, 2),
        0, 1, (3, 2),
    ),
    "dilated_multiples": (
        (4, 5), (3, 5), (4, 2), (0, 3, 0, 3), (0, 1), 4, 4, 4, 4, (2, 3), "dsp2x", "UINT4", 4, US, (1, 1),
        0, 4, (6, 4),
    ),
    "cascade": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 6, 3, 4, (1, 1), "cascade", "UINT4", 4, US),
    "cascade_22": (
        (4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 5, 4, 4, 5, (2, 2), "cascade", "INT4", 4, US,
    ),
    "cascade_e1": (
        (4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 4, 2, 2, (1, 2), "cascade", "UINT8", 4, Z7,
    ),
    "cascade_groups": (
        (4, 4), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 8, 12, 6, 4, (1, 2), "cascade", "INT4", 4, Z7, (2, 2),
        0, 4,
    ),
    "cascade_depthwise": (
        (4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 4, 2, 2, (2, 2), "cascade", "UINT3", 3, US, (1, 1),
        0, 4,
    ),
    "cascade_dense": (
        (1, 1), (4, 4), (1, 1), (0, 0, 0, 0), (0, 0), 40, 4, 2, 40, (1, 1), "cascade", "INT8", 4, US,
    ),
    # The last channels of a word by another core, or from another memory.
    "side_cascade": (
        (4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 10, 5, 4, (1, 1),
        "lut+3 cascade block", "UINT4", 4, US,
    ),
    "side_lut": (
        (4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 6, 3, 8, (2, 2),
        "cascade+1 lut block", "INT4", 4, US,
    ),
    "side_lut_e1": (
        (4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 40, 4, 4, 20, (1, 1),
        "cascade+1 lut block", "UINT4", 4, Z7,
    ),
    "side_groups": (
        (4, 3), (4, 2), (2, 2), (1, 0, 1, 0), (0, 0), 12, 8, 2, 2, (1, 1), "lut+1 lut block", "UINT4", 4, US,
        (1, 1), 0, 2,
    ),
    # Two columns in a word, each with the taps that it has.
    "columns": (
        (4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 3, 6, 4, (2, 3), "lut/lut block", "UINT4", 4, US,
    ),
    "columns_k5": (
        (3, 4), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 3, 1, 2, 3, (1, 3),
        "cascade/lut distributed", "INT4", 4, Z7,
    ),
    "columns_stride1": (
        (4, 6), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 4, 2, 4, 4, (3, 4), "lut/cascade block", "UINT4", 4, US,
    ),
    "columns_k2": ((3, 4), (2, 2), (2, 2), (0, 0, 0, 0), (0, 0), 4, 2, 4, 4, (1, 1),
        "lut/lut distributed", "UINT4", 4, US,
    ),
    "columns_step": (
        (6, 8), (4, 3), (1, 1), (2, 1, 1, 1), (0, 0), 2, 2, 4, 2, (4, 5), "lut/lut block", "UINT4", 4, US,
        (1, 2), 0, 1,
    ),
    "stride1": ((5, 5), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 4, 1, 1, 4, (1, 1), "lut", "UINT4", 4, US),
    "to_one_pixel": ((3, 2), (3, 2), (1, 1), (2, 1, 2, 1), (0, 0), 4, 2, 1, 4, (1, 1), "lut", "UINT4", 4, US),
}
# fmt: on
# One step per result and several, rows of one word, all rows of the buffer held, several taps.
STALLED = ("k1_s1_p2", "dense_lut", "stride1", "taps_22", "step2", "taps_pad", "side_lut", "columns")


def node_model(
    size,
    kernel,
    stride,
    pads,
    extra,
    ci,
    co,
    pe,
    simd,
    taps,
    core,
    datatype,
    weight_bits,
    steps=(1, 1),
    seed=0,
    groups=1,
    dilation=(1, 1),
    dsp_block="DSP48E2",
):
    """A dataflow graph with one Deconv_rtl on random weights; returns it with its weights and geometry.

    core: "lut", or "lut+3 cascade block": of the channels of a word 3 are of that core and memory; or
    "lut/cascade block": of two output columns in a word the second is of that core and memory.
    """
    register()
    core, _, second = core.partition("/")
    core, _, side = core.partition("+")
    rng = np.random.default_rng(seed)
    top = 2 ** (weight_bits - 1)
    weights = rng.integers(-top, top, (ci, co // groups, *kernel))
    geometry, adt = (
        DeconvGeometry.make(size, kernel, stride, pads, extra, steps, dilation),
        DataType[datatype],
    )
    linear = Linear(weights, size, stride, pads, extra, step=steps, groups=groups, dilation=dilation)
    low, high = linear.accumulator_range(int(adt.min()), int(adt.max()))
    acc = smallest_type(int(low.min()), int(high.max()), signed=True)
    rows, cols = geometry.rows, geometry.cols
    node = helper.make_node(
        "Deconv_rtl", ["x", "w"], ["y"], name="deconv_0", domain=RTL_DOMAIN, backend="fpgadataflow",
        size=[rows.size, cols.size], kernel=list(kernel), stride=list(stride), pad=[rows.pad, cols.pad],
        step=list(steps), dilation=list(dilation), out=[rows.out, cols.out], CI=ci, CO=co,
        PE=pe, SIMD=simd, taps=list(taps), core=core,
        inputDataType=datatype, weightDataType=f"INT{weight_bits}", outputDataType=acc.name,
        useful_macs=1, groups=groups, narrow_weights=int(weights.min() > -top),
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *size, ci])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, *geometry.out_shape, co])],
    )  # fmt: skip
    model = ModelWrapper(qonnx_make_model(graph))
    model.set_initializer("w", weights.astype(np.float32))
    model.set_tensor_datatype("w", DataType[f"INT{weight_bits}"])
    model.set_tensor_datatype("x", adt)
    model.set_tensor_datatype("y", acc)
    op = getCustomOp(model.graph.node[0])
    op.set_nodeattr("dsp_block", dsp_block)
    if second:
        widen(model, model.graph.node[0], 2)
        side = f"{co} {second}"
        op.set_nodeattr("own_taps", 1)
    if side:
        for name, value in zip(("side_pe", "side_core", "side_memory"), side.split(), strict=True):
            op.set_nodeattr(name, int(value) if name == "side_pe" else value)
    if core == "lut" and op.shape().weight_words == 1:
        op.set_nodeattr("weight_memory", "constant")
    return model, weights, geometry


def expected_cycles(model) -> int:
    """First to last output beat of a free-running stream, by the token model."""
    timing = schedule.run(model, IMAGES)
    return timing.ends[-1] - timing.first[-1] + 1


def stream_case(name: str, folder: Path) -> tuple[StreamCase, list[Path], Stage]:
    *shape, board = CASES[name][:14]
    part = get_board(board).part
    model, weights, geometry = node_model(*shape, *CASES[name][14:], dsp_block=get_dsp_block(part))
    op = getCustomOp(model.graph.node[0])
    model.graph.node[0].name = name
    op.write_data(model, folder)
    adt, acc = op.get_input_datatype(), op.get_output_datatype()
    rng = np.random.default_rng(1)
    x = rng.integers(int(adt.min()), int(adt.max()) + 1, (IMAGES, *geometry.in_shape, weights.shape[0]))
    y = deconv(x, weights, geometry, groups=op.groups).reshape(IMAGES, *op.get_normal_output_shape()[1:])
    for image, result in zip(x, y, strict=True):
        executed = execute_onnx(model, {"x": image[None].astype(np.float32)})["y"]
        assert np.array_equal(executed[0], result)
    case = StreamCase(
        op.parameters(part),
        pack(x, op.get_nodeattr("SIMD"), adt.bitwidth()),
        pack(y, op.get_nodeattr("PE"), acc.bitwidth()),
        cycles=expected_cycles(model),
    )
    return case, sources(op.source_key(), Path(finn.__file__).parent / "finn-rtllib"), stages.stage(op)


@pytest.mark.slow
@pytest.mark.verilator
def test_rtl(tmp_path):
    """Behind resets of the fewest cycles that an accelerator takes."""
    check(CASES, tmp_path, reset=RESET_CYCLES)


@pytest.mark.verilator
def test_stalls_cost_what_is_predicted(tmp_path):
    """Each word comes and goes in its cycle: a queue of results that stops too early would cost some."""
    seen = tmp_path / "seen.npz"
    expected = check(STALLED, tmp_path, seen, SHORTEST)
    with np.load(seen) as streams:
        fewest = [
            follow(deconv_as_python, stage, streams[f"c{i}_s_axis_0"], streams[f"c{i}_m_axis_0"])
            for i, stage in enumerate(expected)
        ]
    assert min(registers[deconv_as_python._CREDIT] for registers in fewest) == 0


def check(names: Iterable[str], tmp_path: Path, seen: Path | None = None, reset: int = LONG) -> list[Stage]:
    """Cases in one bench; returns the stages of their schedules."""
    files, cases, expected = [], [], []
    for name in names:
        case, needed, stage = stream_case(name, tmp_path)
        cases.append(case)
        expected.append(stage)
        files += [path for path in needed if path not in files]
    names = copy_finn_sources(files, tmp_path)
    paths = sorted((tmp_path / n for n in names), key=lambda p: names.index(p.name))
    check_streams(
        "deconv",
        paths,
        cases,
        tmp_path / "bench",
        PORTS,
        run_dir=tmp_path,
        warnings=False,
        seen=seen,
        reset=reset,
    )
    return expected


@pytest.mark.verilator
def test_rtl_sees_a_flipped_weight(tmp_path):
    case, files, _ = stream_case("stride1", tmp_path)
    data = tmp_path / "stride1_weights.dat"
    lines = data.read_text().splitlines()
    lines[4] = f"{int(lines[4], 16) ^ 1:0{len(lines[4])}x}"
    data.write_text("\n".join(lines) + "\n")
    names = copy_finn_sources(files, tmp_path)
    with pytest.raises(AssertionError):
        paths = [tmp_path / name for name in names]
        check_streams("deconv", paths, [case], tmp_path / "bench", PORTS, run_dir=tmp_path, warnings=False)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_steps_are_useful_products_only(data):
    """Cycles at II = 1 are the products inside the image over the lanes, for any folding."""
    size, kernel = (tuple(data.draw(st.integers(1, 5)) for _ in range(2)) for _ in range(2))
    stride = tuple(data.draw(st.integers(1, min(kernel[d], 3))) for d in range(2))
    geometry = DeconvGeometry.make(size, kernel, stride)
    nf, sf = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    assert geometry.steps(nf, sf) == nf * sf * geometry.useful_taps  # without cropping every tap is used once
