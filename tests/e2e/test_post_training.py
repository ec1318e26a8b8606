# SPDX-License-Identifier: Apache-2.0
"""Networks as ONNX Runtime and torch.ao quantize them after their training, at RTL."""

from __future__ import annotations

import onnx
import pytest
from onnx_models import at_rtl
from post_training import exported, network, ort_static, torch_ao

from fpgan.build.proof.numpy_images import numpy_images
from fpgan.sim.simulate import simulate


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize("name", ["dcgan", "autoencoder", "unet", "residual"])
def test_onnx_runtimes_networks_at_rtl(name, tmp_path):
    module, x = network(name)
    model = ort_static(exported(module, x), x, tmp_path, "u8" if name == "dcgan" else "s8", name == "unet")
    onnx.save(model, tmp_path / "m.onnx")
    at_rtl(tmp_path / "m.onnx", tmp_path / "build")
    if name == "dcgan":  # more images than the build has vectors
        result = simulate(tmp_path / "build", images=20, exact=numpy_images)
        assert (result["images"], result["numpy_images"], result["mismatches"]) == (20, 4, 0)


@pytest.mark.slow
@pytest.mark.verilator
def test_requantizers_at_rtl(tmp_path):
    """Of features that are 8 bits each: in the predicted cycles, then with stalls."""
    module, x = network("dense")
    onnx.save(ort_static(exported(module, x), x, tmp_path, "u8", True), tmp_path / "m.onnx")
    report = at_rtl(tmp_path / "m.onnx", tmp_path / "build")
    assert "Requantize_rtl" in {layer["op"] for layer in report["layers"]}
    assert simulate(tmp_path / "build", images=8, stall=0.3)["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.verilator
def test_torch_aos_network_at_rtl(tmp_path):
    module, x = network("autoencoder")
    onnx.save(torch_ao(module, x, "qnnpack"), tmp_path / "m.onnx")
    at_rtl(tmp_path / "m.onnx", tmp_path / "build", stall=0.2)
