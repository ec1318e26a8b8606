# SPDX-License-Identifier: Apache-2.0
"""FINN's own lowering of transposed convolutions with its HLS layers, which are made of finn-hlslib."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from finn_builder import own_folder
from finn_networks import IMAGES, integers, relu, up
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.builder.build_dataflow import build_dataflow_cfg
from finn.builder.build_dataflow_config import DataflowBuildConfig
from finn.util.settings import get_settings

from fpgan.model.export import to_qonnx

HLSLIB = get_settings().finn_deps / "finn-hlslib"
KINDS = ["FMPadding_Pixel", "MVAU", "Thresholding"]  # of which FINN has both; windows and padding are RTL
pytestmark = [
    pytest.mark.skipif(not HLSLIB.is_dir(), reason=f"{HLSLIB} is not there: no package holds finn-hlslib"),
    pytest.mark.skipif(
        not os.environ.get("XILINX_HLS"), reason="Vitis HLS' headers (XILINX_HLS) are not there"
    ),
]


def test_finns_c_simulation_of_its_own_lowering(tmp_path: Path) -> None:
    """Two transposed convolutions of kernel 4 and stride 2, by zeros between pixels: PyTorch's values."""
    torch.manual_seed(3)
    net, x = nn.Sequential(integers(), up(2, 4), relu(), up(4, 1), integers()), torch.randn(8, 2, 4, 4)
    with torch.no_grad():
        net(x)
        onnx.save(to_qonnx(net.eval(), x[:1], "up"), str(tmp_path / "up.onnx"))
        np.save(tmp_path / "wanted.npy", net(x[:IMAGES]).value.numpy())
    np.save(tmp_path / "given.npy", x[:IMAGES].numpy())
    styles = tmp_path / "styles.json"
    styles.write_text(json.dumps({"Defaults": {"preferred_impl_style": ["hls", KINDS]}}))
    cfg = DataflowBuildConfig.from_dict({
        "output_dir": str(tmp_path / "out"), "synth_clk_period_ns": 5.0, "board": "Ultra96",
        "target_fps": 100_000, "standalone_thresholds": True, "steps": fpgan.finn.build_steps("finn"),
        "generate_outputs": [], "verify_steps": ["folded_hls_cppsim"], "verification_atol": 0.0,
        "specialize_layers_config_file": str(styles), "stop_step": "step_minimize_bit_width",
        "verify_input_npy": str(tmp_path / "given.npy"),
        "verify_expected_output_npy": str(tmp_path / "wanted.npy"),
    })  # fmt: skip
    with own_folder(tmp_path):
        assert build_dataflow_cfg(tmp_path / "up.onnx", cfg) == 0
    found = {path.name for path in (tmp_path / "out" / "verification_output").glob("*.npy")}
    assert found == {f"verify_folded_hls_cppsim_{i}_SUCCESS.npy" for i in range(IMAGES)}
    model = ModelWrapper(str(tmp_path / "out" / "intermediate_models" / "step_minimize_bit_width.onnx"))
    kinds = [node.op_type for node in model.graph.node]
    assert all(kinds.count(f"{kind}_hls") == 2 for kind in KINDS), kinds
