# SPDX-License-Identifier: Apache-2.0
"""A network of Brevitas' goes from QONNX through FINN's builder alone, to a stitched design in Verilator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from finn_builder import own_folder
from torch import nn

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.builder.build_dataflow import build_dataflow_cfg
from finn.builder.build_dataflow_config import (
    DataflowBuildConfig,
    DataflowOutputType,
    VerificationStepType,
)
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.model.export import to_qonnx

IMAGES = 2


@dataclass(frozen=True)
class Built:
    """OUTPUT of FINN's builder, what PyTorch makes of its inputs, cycles per image that were asked for."""

    output: Path
    wanted: np.ndarray
    cycles: int

    def report(self, name: str) -> dict:
        return json.loads((self.output / "report" / f"{name}.json").read_text())

    def layers(self) -> set[str]:
        model = ModelWrapper(str(self.output / "intermediate_models" / "step_specialize_layers.onnx"))
        return {node.op_type for node in model.graph.node}


def autoencoder(folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """A strided convolution down, a transposed one up, a norm that falls: file, inputs, outputs."""
    torch.manual_seed(3)
    weights = {"weight_quant": Int8WeightPerTensorFixedPoint, "weight_bit_width": 4, "bias": False}
    integers = {"act_quant": Int8ActPerTensorFixedPoint, "bit_width": 8}
    norm = nn.BatchNorm2d(4)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.7, -1.2, 1.4, 0.9]))
        norm.bias.uniform_(-0.3, 0.3)
    net = nn.Sequential(
        qnn.QuantIdentity(**integers, return_quant_tensor=True),
        qnn.QuantConv2d(1, 4, 3, stride=2, padding=1, **weights), norm,
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=4, return_quant_tensor=True),
        qnn.QuantConvTranspose2d(4, 1, 4, stride=2, padding=1, **weights),
        qnn.QuantIdentity(**integers),
    )  # fmt: skip
    x = torch.randn(32, 1, 8, 8)
    with torch.no_grad():
        for _ in range(3):
            net(x)  # scales and norms settle
        file = folder / "autoencoder.onnx"
        onnx.save(to_qonnx(net.eval(), x[:1], "autoencoder"), str(file))
        return file, x[:IMAGES].numpy(), net(x[:IMAGES]).numpy()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    out, cycles = tmp_path_factory.mktemp("autoencoder"), 1000
    source, given, wanted = autoencoder(out)
    np.save(out / "given.npy", given)
    np.save(out / "wanted.npy", wanted)
    exact = dict.fromkeys(("atol", "rtol", "mean_atol", "mean_rtol"), 0.0)
    cfg = DataflowBuildConfig(
        output_dir=str(out / "output"), synth_clk_period_ns=5.0, board="Ultra96",
        target_fps=200_000_000 // cycles, standalone_thresholds=True, steps=fpgan.finn.build_steps(),
        generate_outputs=[DataflowOutputType.ESTIMATE_REPORTS, DataflowOutputType.STITCHED_IP,
                          DataflowOutputType.RTLSIM_PERFORMANCE],
        verify_steps=[VerificationStepType.STREAMLINED_PYTHON, VerificationStepType.STITCHED_IP_RTLSIM],
        verify_input_npy=str(out / "given.npy"), verify_expected_output_npy=str(out / "wanted.npy"),
        **{f"verification_{name}": value for name, value in exact.items()},
    )  # fmt: skip
    with own_folder(tmp_path_factory.mktemp("finn")):
        assert build_dataflow_cfg(source, cfg) == 0
    return Built(out / "output", wanted, cycles)


@pytest.mark.verilator
def test_every_pixel_is_pytorchs(built: Built):
    """Streamlined in Python and stitched in Verilator; FINN's layers are its own."""
    found = {path.name for path in (built.output / "verification_output").glob("*.npy")}
    names = ("streamlined_python", "stitched_ip_rtlsim")
    assert found == {f"verify_{name}_{i}_SUCCESS.npy" for name in names for i in range(IMAGES)}
    for i in range(IMAGES):
        made = np.load(built.output / "verification_output" / f"verify_stitched_ip_rtlsim_{i}_SUCCESS.npy")
        assert np.array_equal(made[0], built.wanted[i])
    assert len(np.unique(built.wanted)) > 20
    finns = {"FMPadding_rtl", "ConvolutionInputGenerator_rtl", "MVAU_rtl"}
    assert built.layers() == {"Deconv_rtl", "Thresholding_rtl", *finns}


@pytest.mark.verilator
def test_it_is_as_fast_as_it_was_asked_to_be(built: Built):
    estimated, (measured,) = built.report("estimate_network_performance"), built.report("rtlsim_performance")
    assert estimated["max_cycles"] <= built.cycles
    assert measured["intervals"] == [estimated["max_cycles"]]
    assert any("taps" in entry for entry in built.report("auto_folding_config").values())
