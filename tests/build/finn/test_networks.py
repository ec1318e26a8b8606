# SPDX-License-Identifier: Apache-2.0
"""Networks of Brevitas' go from QONNX through FINN's builder alone, to a stitched design in Verilator.

FPGAN_NETWORKS=whole simulates each of their layers by itself too, counts what each takes by Yosys, and prints
the row of build/finn/README.md (pytest -s): by hand, since it takes minutes.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from finn_builder import own_folder
from finn_networks import IMAGES, Network, exported, of_generator

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
import finn.builder.build_dataflow
import finn.util.settings
from finn.builder.build_dataflow import build_dataflow_cfg
from finn.builder.build_dataflow_config import DataflowBuildConfig
from qonnx.core.modelwrapper import ModelWrapper

CYCLES = 1000  # an image, asked for
WHOLE = os.environ.get("FPGAN_NETWORKS") == "whole"
STEPS = ("streamlined_python", *(["node_by_node_rtlsim"] if WHOLE else []), "stitched_ip_rtlsim")
OUTPUTS = ("estimate_reports", "stitched_ip", "rtlsim_performance",
           *(["out_of_context_synth"] if WHOLE else []))  # fmt: skip
COUNTED = ("LUT", "FF", "DSP", "BRAM18")


@dataclass(frozen=True)
class Built:
    """OUTPUT of FINN's builder, and what PyTorch makes of its inputs."""

    output: Path
    network: Network

    def report(self, name: str) -> dict:
        return json.loads((self.output / "report" / f"{name}.json").read_text())

    def layers(self) -> set[str]:
        model = ModelWrapper(str(self.output / "intermediate_models" / "step_specialize_layers.onnx"))
        return {node.op_type for node in model.graph.node}

    def check(self, *steps: str) -> None:
        """Each verification found every value of PyTorch's."""
        folder = self.output / "verification_output"
        found = {path.name for path in folder.glob("*.npy")}
        assert found == {f"verify_{step}_{i}_SUCCESS.npy" for step in steps for i in range(IMAGES)}
        for i in range(IMAGES):
            made = np.load(folder / f"verify_{steps[-1]}_{i}_SUCCESS.npy")
            assert np.array_equal(made[0], self.network.wanted[i])
        assert len(np.unique(self.network.wanted)) > 20
        if WHOLE and steps == STEPS:
            self.show()

    def show(self) -> None:
        """Its row: cycles as estimated and as measured, what Yosys counts."""
        cycles, (measured,) = (
            self.report(name) for name in ("estimate_network_performance", "rtlsim_performance")
        )
        counted = self.report("ooc_synth")
        figures = (cycles["max_cycles"], measured["intervals"][0], *(counted[name] for name in COUNTED))
        print(f"\n| {self.network.file.stem} | {' | '.join(f'{figure:,.10g}' for figure in figures)} |")


def settings(folder: Path, network: Network, **others: object) -> Path:
    """The YAML file that FINN's command line takes."""
    for name in ("given", "wanted"):
        np.save(folder / f"{name}.npy", getattr(network, name))
    exact = {f"verification_{name}": 0.0 for name in ("atol", "rtol", "mean_atol", "mean_rtol")}
    fields = {
        "output_dir": "output", "synth_clk_period_ns": 5.0, "board": "Ultra96",
        "target_fps": 200_000_000 // CYCLES, "standalone_thresholds": True, "steps": fpgan.finn.build_steps(),
        "generate_outputs": list(OUTPUTS), "verify_steps": list(STEPS),
        "verify_input_npy": str(folder / "given.npy"),
        "verify_expected_output_npy": str(folder / "wanted.npy"), **exact, **others,
    }  # fmt: skip
    path = folder / "flow.yaml"
    path.write_text(yaml.safe_dump(fields))
    return path


def build(folder: Path, network: Network, **others: object) -> Built:
    cfg = DataflowBuildConfig.construct_from(settings(folder, network, **others))
    cfg.output_dir = str(folder / "output")
    (folder / "finn").mkdir(exist_ok=True)
    with own_folder(folder / "finn"):
        assert build_dataflow_cfg(network.file, cfg) == 0
    return Built(folder / "output", network)


def check_hls(built: Built) -> None:
    """Once more from the choice of back ends, Deconv's being HLS: FINN's cppsim of it finds PyTorch's values.

    g++ compiles its kernels; the layers around them are FINN's Python.
    """
    folder = built.output.parent
    styles = folder / "styles.json"
    styles.write_text(json.dumps({"Defaults": {"preferred_impl_style": ["hls", ["Deconv"]]}}))
    build(
        folder, built.network, specialize_layers_config_file=str(styles), verify_steps=["folded_hls_cppsim"],
        start_step="step_specialize_layers", stop_step="step_minimize_bit_width",
    )  # fmt: skip
    assert "Deconv_hls" in built.layers() and "Deconv_rtl" not in built.layers()
    assert list((folder / "finn").glob("code_gen_cppsim_*/output_0.bin"))  # the compiled kernel's
    built.check(*STEPS, "folded_hls_cppsim")


@pytest.mark.verilator
def test_autoencoder_by_finns_command_line(tmp_path, monkeypatch):
    """As fast as it was asked to be, its FIFOs sized by simulation; FINN's layers are its own.

    The configuration names no steps: they are ours.
    """
    network = exported("autoencoder", tmp_path)
    options = ["--skip-dep-update", "--accept-defaults", "--build-path", str(tmp_path / "finn")]
    files = [str(settings(tmp_path, network, steps=None)), str(network.file)]
    monkeypatch.setattr(sys, "argv", ["finn", "build", *options, *files])
    monkeypatch.setattr(finn.builder.build_dataflow, "default_build_dataflow_steps", [])
    before = finn.util.settings.get_settings()  # the command makes its own
    monkeypatch.setattr(finn.util.settings, "_SETTINGS", before)
    monkeypatch.setenv("FINN_BUILD_DIR", str(tmp_path / "finn"))
    with pytest.raises(SystemExit) as ended:
        fpgan.finn.main()
    assert not ended.value.code
    built = Built(tmp_path / "output", network)
    built.check(*STEPS)
    finns = {"FMPadding_rtl", "ConvolutionInputGenerator_rtl", "MVAU_rtl"}
    assert built.layers() == {"Deconv_rtl", "Thresholding_rtl", *finns}
    estimated, (measured,) = built.report("estimate_network_performance"), built.report("rtlsim_performance")
    assert estimated["max_cycles"] <= CYCLES and measured["intervals"] == [estimated["max_cycles"]]
    assert any("taps" in entry for entry in built.report("auto_folding_config").values())


@pytest.mark.verilator
def test_unet_with_a_sum_and_a_concatenation(tmp_path):
    """A sum's thresholds are exact, and its FIFOs hold what the skips wait with."""
    built = build(tmp_path, exported("unet", tmp_path))
    built.check(*STEPS)
    assert {"Add_rtl", "StreamingConcat_rtl", "DuplicateStreams_rtl", "MVAU_rtl"} < built.layers()
    estimated, (measured,) = built.report("estimate_network_performance"), built.report("rtlsim_performance")
    assert measured["intervals"] == [estimated["max_cycles"]]
    check_hls(built)


@pytest.mark.verilator
@pytest.mark.parametrize(("name", "layers"), [("segmentation", {"Pool_rtl"}), ("subpixel", {"Deconv_rtl"})])
def test_networks_with_the_smallest_fifos(tmp_path, name, layers):
    built = build(tmp_path, exported(name, tmp_path), auto_fifo_strategy="force_minimal_fifos")
    built.check(*STEPS)
    assert {"MVAU_rtl", "ConvolutionInputGenerator_rtl", *layers} < built.layers()
    check_hls(built)


@pytest.mark.verilator
def test_mnist32_of_few_channels(tmp_path, export_preset):
    """Our preset's layers, by FINN; the token model sizes its FIFOs."""
    network = of_generator(export_preset("mnist32", channels=(8, 4, 4)))
    built = build(tmp_path, network)
    built.check(*STEPS)
    assert built.layers() == {"Deconv_rtl", "Thresholding_rtl"}
