# SPDX-License-Identifier: Apache-2.0
"""Deconv as FINN tests its own ops: Python = C simulation = RTL simulation, over shapes and foldings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finn_builder import own_folder
from finn_deconvs import GEOMETRIES, transposed
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.transformation.fpgadataflow.minimize_accumulator_width import MinimizeAccumulatorWidth
from finn.transformation.fpgadataflow.minimize_weight_bit_width import MinimizeWeightBitWidth
from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers

PART = "xczu3eg-sbva484-1-e"
CASES: dict[str, tuple[int, dict[str, Any]]] = {  # which geometry, how it is folded
    "strided": (2, {"PE": 3, "SIMD": 2, "taps": [2, 1]}),
    "grouped": (3, {"PE": 3, "SIMD": 1}),
}
SLACK = 40  # cycles of a lone image until its last word is out, besides its steps


def specialized(case: str, style: str) -> tuple[ModelWrapper, Any]:
    """A folded layer of that back end, by FINN's transformations."""
    place, folding = CASES[case]
    rows, cols, kernel, attributes = GEOMETRIES[place]
    model = transposed(rows, cols, kernel, **attributes).transform(fpgan.finn.InferDeconv())
    for bits in (MinimizeWeightBitWidth(), MinimizeAccumulatorWidth()):
        model = model.transform(bits)
    (node,) = model.get_nodes_by_op_type("Deconv")
    getCustomOp(node).set_nodeattr("preferred_impl_style", style)
    model = model.transform(SpecializeLayers(PART))
    (node,) = model.get_nodes_by_op_type(f"Deconv_{style}")
    for name, value in folding.items():
        getCustomOp(node).set_nodeattr(name, value)
    return model, getCustomOp(node)


def image(case: str) -> dict[str, np.ndarray]:
    rows, cols, *_ = GEOMETRIES[CASES[case][0]]
    return {"x": np.random.default_rng(1).integers(0, 16, (1, 4, rows, cols)).astype(np.float32)}


@pytest.mark.verilator
@pytest.mark.parametrize("case", CASES)
def test_python_c_and_rtl(case: str, tmp_path: Path) -> None:
    model, op = specialized(case, "hls")
    x, folder = image(case), tmp_path / "hls"
    wanted = execute_onnx(model, x)["y"]
    folder.mkdir()
    op.set_nodeattr("code_gen_dir_cppsim", str(folder))
    op.code_generation_cppsim(model)
    op.compile_singlenode_code()
    op.set_nodeattr("exec_mode", "cppsim")
    assert np.array_equal(execute_onnx(model, x)["y"], wanted)
    model, op = specialized(case, "rtl")
    folder = tmp_path / "rtl"
    folder.mkdir()
    op.set_nodeattr("code_gen_dir_ipgen", str(folder))
    op.code_generation_ipgen(model, PART, 5.0)
    with own_folder(tmp_path):
        op.prepare_rtlsim(False)
    op.set_nodeattr("exec_mode", "rtlsim")
    assert np.array_equal(execute_onnx(model, x)["y"], wanted)
    assert op.get_exp_cycles() <= op.get_nodeattr("cycles_rtlsim") <= op.get_exp_cycles() + SLACK


def test_what_vitis_hls_gets(tmp_path: Path) -> None:
    model, op = specialized("strided", "hls")
    op.set_nodeattr("code_gen_dir_ipgen", str(tmp_path))
    op.code_generation_ipgen(model, PART, 5.0)
    (source,) = tmp_path.glob("top_*.cpp")
    script = (tmp_path / f"hls_syn_{source.stem.removeprefix('top_')}.tcl").read_text()
    assert "#pragma HLS INTERFACE axis port=out0_V" in source.read_text() and PART in script
    assert "$" not in script.replace("$config_", "").replace("$::env", "")
