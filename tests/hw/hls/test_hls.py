# SPDX-License-Identifier: Apache-2.0
"""HLS kernels: numpy = C simulation for any geometry, bits and folding, without a bubble in any loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.linear import Linear
from fpgan.build.writers.hls.hls_layers import HLS_DOMAIN, register_hls
from fpgan.build.writers.hls.kernels import kernel_of
from fpgan.hw.geometry import DeconvGeometry
from fpgan.hw.sources import hls_dir
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.kernel_bench import KernelCase, check_kernels
from fpgan.sim.compiled.csim import compile_cpp
from fpgan.sim.golden import deconv, requantize, select, threshold, zero_insert
from fpgan.sim.packing import pack

IMAGES = 3
pytestmark = pytest.mark.verilator  # needs g++

# size, kernel, stride, pads, output_padding, CI, CO, PE, SIMD, taps, inputs, weight bits, steps, groups,
# dilation
# fmt: off
DECONVS = {
    "dcgan": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 8, 8, 4, 2, (1, 1), "UINT4", 4),
    "dense": ((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), (0, 0), 16, 8, 4, 4, (1, 1), "INT8", 4),
    "k5_s2_p2_op1": ((7, 7), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 8, 4, 2, 8, (1, 1), "INT4", 4),
    "pads_1122": ((4, 4), (4, 4), (2, 2), (1, 1, 2, 2), (0, 0), 4, 2, 1, 4, (1, 1), "UINT4", 3),
    "k1_s1_p2": ((6, 6), (1, 1), (1, 1), (2, 2, 2, 2), (0, 0), 2, 2, 2, 2, (1, 1), "UINT2", 2),
    "k5_s23_p12": ((4, 3), (5, 5), (2, 3), (1, 2, 1, 2), (0, 0), 6, 3, 3, 2, (1, 1), "UINT3", 3),
    "k2_s3": ((3, 4), (2, 1), (3, 3), (0, 0, 0, 0), (1, 0), 4, 2, 1, 4, (1, 1), "INT4", 4),
    "taps_22": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 4, 3, 3, 4, (2, 2), "UINT4", 4),
    "taps_33": ((5, 7), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 2, 2, 2, 1, (3, 3), "UINT4", 4),
    "taps_23": ((5, 6), (4, 6), (1, 2), (1, 2, 1, 2), (0, 0), 4, 2, 1, 2, (2, 3), "UINT4", 4),
    "taps_pad": ((6, 6), (3, 3), (2, 2), (3, 3, 3, 3), (1, 1), 2, 2, 2, 2, (2, 2), "UINT4", 4),
    "step2": ((6, 5), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 4, 4, 2, 2, (1, 1), "UINT4", 4, (2, 2)),
    "step23_s32": ((4, 5), (4, 3), (3, 2), (1, 0, 1, 1), (0, 0), 2, 3, 3, 2, (2, 1), "UINT4", 4, (2, 3)),
    "depthwise": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 6, 6, 3, 3, (2, 1), "INT4", 4, (1, 1), 6),
    "multiplied": ((3, 4), (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), 4, 8, 1, 1, (1, 1), "INT4", 4, (2, 1), 4),
    "dilated": (
        (7, 9), (3, 3), (1, 1), (2, 4, 2, 4), (0, 0), 2, 3, 3, 2, (3, 3), "INT4", 4, (1, 1), 1, (2, 4),
    ),
    "dilated_strides": (
        (5, 4), (3, 5), (2, 3), (3, 2, 1, 2), (1, 0), 2, 2, 2, 1, (2, 1), "INT4", 4, (1, 2), 1, (3, 2),
    ),
    "wide": ((3, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), 24, 8, 8, 24, (1, 1), "UINT4", 4),
}
# fmt: on
# Loops whose input comes faster than their steps need it: every iteration is a step.
NO_BUBBLES = ("dcgan", "dense", "k5_s2_p2_op1", "pads_1122", "k5_s23_p12", "taps_22", "wide")


def random_deconv(seed: int):
    """A random row of DECONVS."""
    rng = np.random.default_rng(seed)

    def pick(low, high):
        return int(rng.integers(low, high + 1))

    size, kernel = (pick(1, 6), pick(1, 6)), (pick(1, 6), pick(1, 6))
    stride = tuple(pick(1, 3) for _ in range(2))
    extra = tuple(pick(0, s - 1) for s in stride)
    full = [(size[d] - 1) * stride[d] + kernel[d] + extra[d] for d in range(2)]
    lead = [pick(0, min(kernel[d], full[d] - 1)) for d in range(2)]
    trail = [pick(0, min(kernel[d], full[d] - 1 - lead[d])) for d in range(2)]
    simd, pe, taps = pick(1, 5), pick(1, 4), (pick(1, 3), pick(1, 3))
    datatype, bits = ("INT" if pick(0, 1) else "UINT") + str(pick(2, 9)), pick(2, 9)
    ci, co = simd * pick(1, 3), pe * pick(1, 3)
    steps, groups = (pick(1, 1 + seed % 3), pick(1, 1 + seed % 2)), pick(1, 1 + seed % 3)
    at_once = groups if pick(0, 1) else 1
    if at_once > 1:
        pe, simd = co * at_once, ci * at_once
    return (size, kernel, stride, (*lead, *trail), extra, ci * groups, co * groups, pe, simd, taps,
            datatype, bits, steps, groups)  # fmt: skip


def node_case(name, op_type, x, y, arrays=(), **attributes) -> KernelCase:
    """A node on x (N,H,W,C), which its numpy function makes y of; arrays: values of its further inputs."""
    register_hls()
    node = helper.make_node(
        op_type, ["x", *(f"a{i}" for i in range(len(arrays)))], ["y"], name=name,
        domain=HLS_DOMAIN if op_type == "Deconv_hls" else RTL_DOMAIN, backend="fpgadataflow", **attributes,
    )  # fmt: skip
    infos = [
        helper.make_tensor_value_info(t, TensorProto.FLOAT, [1, *v.shape[1:]])
        for t, v in (("x", x), ("y", y))
    ]
    model = ModelWrapper(qonnx_make_model(helper.make_graph([node], name, infos[:1], infos[1:])))
    for i, values in enumerate(arrays):
        model.set_initializer(f"a{i}", values.astype(np.float32))
    op, kernel = getCustomOp(node), kernel_of(model, node)
    given, taken = (int(s[-1]) for s in (op.get_folded_input_shape(), op.get_folded_output_shape()))
    return KernelCase(
        name, kernel.header(), kernel.in_bits[0], kernel.out_bits[0], len(x),
        pack(x, given, op.get_input_datatype().bitwidth()),
        pack(y, taken, op.get_output_datatype().bitwidth()),
    )  # fmt: skip


def deconv_case(
    name, size, kernel, stride, pads, extra, ci, co, pe, simd, taps, datatype, bits, steps=(1, 1), groups=1,
    dilation=(1, 1),
):  # fmt: skip
    """Returns the case and the steps of an image."""
    rng, top = np.random.default_rng(len(name)), 2 ** (bits - 1)
    weights = rng.integers(-top, top, (ci, co // groups, *kernel))
    geometry, adt = (
        DeconvGeometry.make(size, kernel, stride, pads, extra, steps, dilation),
        DataType[datatype],
    )
    linear = Linear(weights, size, stride, pads, extra, step=steps, groups=groups, dilation=dilation)
    low, high = linear.accumulator_range(int(adt.min()), int(adt.max()))
    acc = smallest_type(int(low.min()), int(high.max()), signed=True)
    x = rng.integers(int(adt.min()), int(adt.max()) + 1, (IMAGES, *size, ci))
    rows, cols = geometry.rows, geometry.cols
    case = node_case(
        name, "Deconv_hls", x, deconv(x, weights, geometry, groups=groups), [weights],
        size=[rows.size, cols.size], kernel=list(kernel), stride=list(stride), pad=[rows.pad, cols.pad],
        step=list(steps), out=[rows.out, cols.out], CI=ci, CO=co, PE=pe, SIMD=simd, taps=list(taps),
        inputDataType=datatype, weightDataType=f"INT{bits}", outputDataType=acc.name, useful_macs=1,
        groups=groups, dilation=list(dilation),
    )  # fmt: skip
    synapse_fold = ci // simd * max(1, pe * groups // co) // groups
    return case, geometry.steps(co // pe, synapse_fold, taps)


def test_deconv(tmp_path):
    shapes = DECONVS | {f"random_{seed}": random_deconv(seed) for seed in range(16)}
    cases, steps = {}, {}
    for name, shape in shapes.items():
        cases[name], steps[name] = deconv_case(name, *shape)
    counted = check_kernels(list(cases.values()), tmp_path)
    assert {name: counted[name] for name in NO_BUBBLES} == {name: steps[name] for name in NO_BUBBLES}
    assert all(counted[name] >= steps[name] for name in shapes)


def threshold_case(name, acc, channels, pe, steps, out, offset):
    rng, adt = np.random.default_rng(channels), DataType[acc]
    low, high = int(adt.min()), int(adt.max())
    levels = np.sort(rng.integers(low, high + 1, (channels, steps)), axis=1)
    levels[0, 0], levels[-1, -1] = low, high  # reached by all, by one value alone
    x = rng.integers(low, high + 1, (IMAGES, 4, 5, channels))
    x.reshape(-1)[:4] = low, high, low, high
    return node_case(
        name, "Thresholding_rtl", x, threshold(x, levels, offset), [levels], exec_mode="cppsim", PE=pe,
        NumChannels=channels, numSteps=steps, numInputVectors=[1, 4, 5], inputDataType=acc,
        weightDataType=acc, outputDataType=out, ActVal=offset,
    )  # fmt: skip


def requantize_case(name, acc, channels, pe, out, marked):
    """Random lines, their marks on some levels."""
    rng, adt = np.random.default_rng(channels), DataType[acc]
    low, levels, shift = int(DataType[out].min()), (1 << DataType[out].bitwidth()) - 1, 15
    line = np.stack([rng.integers(1 << 9, 1 << 11, channels), rng.integers(-(1 << 22), 1 << 22, channels)], 1)
    marks = rng.integers(0, 4 if marked else 1, (channels, levels + 1))
    marks[:, 0] = 0
    x = rng.integers(int(adt.min()), int(adt.max()) + 1, (IMAGES, 4, 5, channels))
    x.reshape(-1)[:2] = int(adt.min()), int(adt.max())
    return node_case(
        name, "Requantize_rtl", x, requantize(x, line[:, 0], line[:, 1], shift, marks, low), [line, marks],
        size=[4, 5], PE=pe, NumChannels=channels, inputDataType=acc, outputDataType=out, shift=shift, low=low,
        levels=levels, mark_bits=2 * marked, multiplier_bits=11, offset_bits=23, t_bits=32, core="lut",
    )  # fmt: skip


def width_case(name, channels, taken, given, datatype):
    adt = DataType[datatype]
    x = np.random.default_rng(taken).integers(int(adt.min()), int(adt.max()) + 1, (IMAGES, 4, 3, channels))
    return node_case(name, "WidthConvert_rtl", x, x, shape=[1, 4, 3, channels], in_elems=taken,
                     out_elems=given, inputDataType=datatype, outputDataType=datatype)  # fmt: skip


def pad_case(name, rows, columns, channels, simd, stride, extra):
    size = [(rows - 1) * stride[0] + 1 + extra[0], (columns - 1) * stride[1] + 1 + extra[1]]
    x = np.random.default_rng(rows).integers(0, 32, (IMAGES, rows, columns, channels))
    return node_case(name, "PixelPad_rtl", x, zero_insert(x, stride, tuple(size)), size=[rows, columns],
                     stride=list(stride), out=size, NumChannels=channels, SIMD=simd, inputDataType="UINT5",
                     outputDataType="UINT5")  # fmt: skip


def select_case(name, size, channels, pe, rows, cols):
    x = np.random.default_rng(channels).integers(0, 32, (IMAGES, *size, channels))
    return node_case(name, "PixelSelect_rtl", x, select(x, rows, cols), size=list(size), rows=list(rows),
                     cols=list(cols), NumChannels=channels, PE=pe, inputDataType="UINT5",
                     outputDataType="UINT5")  # fmt: skip


def channels_case(name, given, taken):
    x = np.random.default_rng(given).integers(-8, 8, (IMAGES, 3, 2, given))
    y = np.pad(x, ((0, 0), (0, 0), (0, 0), (0, max(0, taken - given))))[..., :taken]
    return node_case(name, "Channels_rtl", x, y, size=[3, 2], in_channels=given, out_channels=taken,
                     inputDataType="INT4", outputDataType="INT4")  # fmt: skip


def test_streaming_kernels(tmp_path):
    cases = [
        threshold_case("t_4bit", "INT13", 12, 3, 15, "UINT4", 0),
        threshold_case("t_signed", "INT17", 4, 4, 255, "INT8", -128),
        threshold_case("t_odd", "INT9", 6, 1, 10, "INT4", -5),
        threshold_case("t_one", "INT5", 3, 3, 1, "UINT1", 0),
        requantize_case("r_marked", "INT17", 6, 2, "INT8", True),
        requantize_case("r_exact", "UINT14", 3, 3, "UINT5", False),
        *(width_case(f"w_{a}_{b}", c, a, b, t) for c, a, b, t in (
            (4, 1, 4, "UINT4"), (4, 4, 1, "INT4"), (6, 2, 6, "INT3"), (6, 3, 2, "UINT4"), (6, 2, 3, "UINT5"),
            (60, 12, 10, "INT8"), (60, 10, 12, "INT16"), (48, 48, 8, "INT17"), (48, 16, 48, "UINT7"),
        )),
        *(pad_case(f"p_{i}", *shape) for i, shape in enumerate((
            (4, 4, 2, 2, (2, 2), (0, 0)), (4, 3, 6, 2, (2, 2), (1, 1)), (3, 5, 6, 3, (2, 3), (1, 2)),
            (5, 1, 2, 1, (1, 2), (0, 1)), (3, 3, 2, 2, (2, 2), (2, 3)), (2, 2, 2, 1, (1, 1), (2, 1)),
        ))),
        channels_case("c_add", 3, 8), channels_case("c_drop", 20, 3), channels_case("c_same", 2, 2),
    ]  # fmt: skip
    selects = [
        select_case("s_mirrored", (4, 5), 4, 2, (2, 1, 0, 1, 2, 3, 2, 1), (1, 0, 1, 2, 3, 4, 3)),
        select_case("s_left_out", (6, 5), 3, 1, (0, 2, 4), (1, 3)),
        select_case("s_upside_down", (3, 2), 2, 2, (2, 1, 0), (1, 0)),
    ]
    counted = check_kernels([*cases, *selects], tmp_path)
    for case in selects:
        assert counted.pop(case.name) >= max(len(case.inputs), len(case.outputs)) // IMAGES
    words = {case.name: max(len(case.inputs), len(case.outputs)) // IMAGES for case in cases}
    assert counted == words  # one iteration per word of the busier side


def test_a_flipped_weight_and_a_missing_word_are_seen(tmp_path):
    case, _ = deconv_case("pads_1122", *DECONVS["pads_1122"])
    begin = case.header.index("0x") + 2
    broken = case.header[:begin] + f"{int(case.header[begin], 16) ^ 1:x}" + case.header[begin + 1 :]
    with pytest.raises(AssertionError, match=r"pads_1122: .* words differ"):
        check_kernels([replace(case, header=broken)], tmp_path / "flipped")
    with pytest.raises(ToolError) as error:
        check_kernels([replace(case, inputs=case.inputs[:-1])], tmp_path / "short")
    assert error.value.log and "ends before its last word" in error.value.log.read_text()


def test_stand_in_headers(tmp_path):
    """Widths, sign extension, wrap-around and slices of ap_int.h; order and emptiness of hls_stream.h."""
    program = tmp_path / "stand_ins"
    compile_cpp(
        [Path(__file__).with_name("stand_ins.cpp")],
        tmp_path,
        program,
        hls_dir() / "csim",
        tmp_path / "compile.log",
    )
    assert "all hold" in run([str(program)], tmp_path, tmp_path / "log", "the stand-ins' checks")
