# SPDX-License-Identifier: Apache-2.0
"""QONNX to RTL to pixels: the whole accelerator against PyTorch, and that the comparison can fail."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.ops import register
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.hw.design import Design
from fpgan.model.features import classify
from fpgan.sim.benches.stream_bench import TOP_PORTS, StreamCase, check_streams
from fpgan.sim.packing import pack
from fpgan.sim.simulate import simulate

pytestmark = pytest.mark.verilator


def copied(build, tmp_path):
    out = tmp_path / "moved" / "build"
    shutil.copytree(build, out)
    return out


@pytest.fixture(scope="session")
def tiny(build_preset):
    return build_preset("tiny", target_fps=150_000)


def test_tiny_equals_pytorch_at_the_predicted_rate(tiny, tmp_path):
    build = copied(tiny, tmp_path)  # a BUILD folder can be moved
    result = simulate(build, images=8)
    report = json.loads((build / "report.json").read_text())
    assert result["golden"] == "pytorch"
    assert result["mismatches"] == 0 and result["pixels"] == 8 * 256
    assert result["cycles_per_image"] == report["cycles_per_image"]
    assert json.loads((build / "sim.json").read_text()) == result
    assert (build / "sim.png").exists()
    register()
    timing = schedule.run(ModelWrapper(str(build / "dataflow.onnx")), images=3)
    assert timing.latency == report["latency_cycles"] == result["latency_cycles"]
    assert timing.period == result["cycles_per_image"]
    assert sum(layer["latency"]["adds"] for layer in report["layers"]) == result["latency_cycles"]


def test_a_design_with_classes_draws_the_label_asked_for(build_preset):
    build = build_preset("tiny", vectors=20, generator={"classes": 10}, target_fps=100_000)
    result = simulate(build, images=12, classify=classify)
    assert result["mismatches"] == 0
    assert result["labels"] == [*range(10), 0, 1]
    assert 0 <= result["label_agreement"] <= 1
    assert json.loads((build / "sim.json").read_text()) == result
    result = simulate(build, label=7)
    assert (result["labels"], result["images"], result["mismatches"]) == ([7, 7], 2, 0)
    with np.load(build / "golden.npz") as data:  # its channel of the one-hot code is what is streamed in
        sevens = data["latent"][data["label"] == 7]
    assert np.array_equal(sevens[:, 16:, 0, 0], [[0] * 7 + [127, 0, 0]] * 2)
    with pytest.raises(ValueError, match="label=10: the build has vectors of labels 0 to 9"):
        simulate(build, label=10)


@pytest.mark.parametrize("stall", [0.2, 0.7])
def test_stalls_and_a_reset_inside_an_image_change_nothing(tiny, stall):
    assert simulate(tiny, images=6, seed=3, stall=stall, reset_first=True)["mismatches"] == 0


def test_dataflow_graph_and_finn_analyses_agree_with_the_report(tiny):
    from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
    from finn.analysis.fpgadataflow.res_estimation import res_estimation
    from finn.transformation.fpgadataflow.annotate_cycles import AnnotateCycles
    from qonnx.custom_op.registry import getCustomOp

    register()
    model = ModelWrapper(str(tiny / "dataflow.onnx"))
    report = json.loads((tiny / "report.json").read_text())
    assert {n.domain for n in model.graph.node} == {"finn.custom_op.fpgadataflow.rtl"}
    assert exp_cycles_per_layer(model) == {x["name"]: x["cycles"] for x in report["layers"]}
    resources = res_estimation(model, report["part"])
    for layer in report["layers"]:
        if layer["op"] == "Thresholding_rtl":
            continue  # costs.py knows it better than FINN does
        assert layer["estimates"]["LUT"] == int(resources[layer["name"]]["LUT"])
        assert layer["estimates"]["DSP"] == int(resources[layer["name"]]["DSP"])
    annotated = model.transform(AnnotateCycles())
    assert all(getCustomOp(n).get_nodeattr("cycles_estimate") > 0 for n in annotated.graph.node)
    with np.load(tiny / "golden.npz") as data:
        for z, y in zip(data["latent"][:3], data["image"][:3], strict=True):
            assert np.array_equal(run_dataflow(model, z.astype(np.int64)), y)


def test_rtl_folder_is_self_contained(tiny):
    names = {p.name for p in (tiny / "rtl").iterdir()}
    assert set((tiny / "rtl" / "top.f").read_text().split()) <= names
    for path in (tiny / "rtl").iterdir():
        assert str(tiny) not in path.read_text()


def flip(path, line, digit=-1):
    lines = path.read_text().splitlines()
    text = list(lines[line])
    text[digit] = f"{int(text[digit], 16) ^ 1:x}"
    lines[line] = "".join(text)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("what", ["weight", "threshold", "channels", "golden"])
def test_the_comparison_can_fail(tiny, tmp_path, what):
    build = copied(tiny, tmp_path)
    rtl = build / "rtl"
    if what == "weight":
        flip(rtl / "deconv_2_weights.dat", line=5)  # the lowest bit of one weight
    elif what == "threshold":
        data = rtl / "threshold_2_threshs_0_0.dat"  # the first comparison of the last layer
        data.write_text(f"{int(data.read_text().split()[0], 16) ^ 8:x}\n")
    elif what == "channels":
        data = rtl / "deconv_2_weights.dat"
        lines = data.read_text().splitlines()
        data.write_text("\n".join(line[1] + line[0] + line[2:] for line in lines) + "\n")
    else:
        with np.load(build / "golden.npz") as arrays:
            changed = dict(arrays)
        changed["image"] = changed["image"].copy()
        changed["image"][:, 0, 3, 3] ^= 1
        np.savez(build / "golden.npz", **changed)
    result = simulate(build, images=8)
    assert result["mismatches"] > 0
    if what == "golden":
        assert result["mismatches"] == 8


@pytest.mark.slow
def test_top_in_cocotb(tiny, tmp_path):
    """Handshakes and a reset on the whole accelerator, watched by protocol monitors."""
    design = Design.load(tiny)
    with np.load(tiny / "golden.npz") as data:
        latent = data["latent"][:3].astype(np.int64).transpose(0, 2, 3, 1)
        image = data["image"][:3].astype(np.int64).transpose(0, 2, 3, 1)
    case = StreamCase(
        {},
        pack(latent, design.input.elements_per_beat, design.input.element_bits),
        pack(image, design.output.elements_per_beat, design.output.element_bits),
    )
    check_streams(
        design.top, design.sources, [case], tmp_path, ports=TOP_PORTS, run_dir=design.rtl, warnings=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "preset, fields, arguments, efficiency",
    [
        ("k5", {}, {}, 0.7),  # some lanes in front are there for the first image alone
        ("tiny", {"upsample": "nearest"}, {"target_fps": 150_000}, 0.85),
        (
            "tiny",
            {"bias": True, "activation": "leaky_relu"},
            {"board": "pynq-z2", "target_fps": 50_000},
            0.85,
        ),
        ("tiny", {"accumulator_bits": (12, 10, 9)}, {"target_fps": 150_000}, 0.85),
        ("tiny", {"image_channels": 3, "weight_bits": 2, "act_bits": 2}, {"target_fps": 100_000}, 0.5),
    ],
)
def test_other_generators(build_preset, preset, fields, arguments, efficiency):
    result = simulate(build_preset(preset, generator=fields, **arguments), images=4)
    assert result["mismatches"] == 0
    assert result["efficiency"] >= efficiency


@pytest.mark.slow
def test_a_pruned_generator_needs_less_hardware_at_the_same_rate(export_preset, tiny, tmp_path):
    from fpgan.build.flow import build
    from fpgan.model.export import export
    from fpgan.model.prune import prune

    prune(export_preset("tiny").parent / "run", tmp_path / "half", ratio=0.5)
    model = export(tmp_path / "half", tmp_path / "half.onnx", vectors=4)
    pruned = build(model, tmp_path / "build", clock_mhz=300.0, target_fps=150_000)
    whole = json.loads((tiny / "report.json").read_text())
    assert pruned["totals"]["LUT"] < 0.8 * whole["totals"]["LUT"]
    assert pruned["useful_macs_per_image"] < 0.5 * whole["useful_macs_per_image"]
    assert pruned["cycles_per_image"] <= 2000
    assert simulate(tmp_path / "build")["mismatches"] == 0


@pytest.mark.slow
def test_zero_insertion_takes_about_four_times_the_cycles_at_the_same_lanes(tiny, build_preset):
    baseline = build_preset("tiny", deconv="zero_insert", like=tiny)
    result = simulate(baseline, images=4)
    assert result["mismatches"] == 0
    reports = [json.loads((b / "report.json").read_text()) for b in (tiny, baseline)]
    assert reports[0]["mac_lanes"] == reports[1]["mac_lanes"]
    levels = [{x["name"]: x["cycles"] for x in r["layers"]} for r in reports]
    for name in ("deconv_1", "deconv_2"):
        assert 3 < levels[1][name] / levels[0][name] < 4.5


@pytest.mark.slow
@pytest.mark.parametrize("preset, fps", [("mnist32", 69_000), ("seed32", 6_000), ("rgb64", 3_000)])
def test_published_shapes(build_preset, preset, fps):
    board = "ultra96" if preset == "mnist32" else "zcu104"
    build = build_preset(preset, vectors=2, board=board, target_fps=fps)
    result = simulate(build, images=2)
    assert result["mismatches"] == 0
    assert result["cycles_per_image"] <= 300e6 / fps


@pytest.mark.slow
@pytest.mark.parametrize(
    "core, board", [("dsp", "ultra96"), ("dsp", "pynq-z2"), ("lut", "ultra96"), ("dsp2x", "ultra96")]
)
def test_either_core_gives_the_same_pixels(tiny, export_preset, tmp_path, core, board):
    from fpgan.build.flow import build

    like = tmp_path / "like"
    like.mkdir()
    report = json.loads((tiny / "report.json").read_text())
    for layer in report["layers"]:
        layer["core"] = core if layer["core"] else ""
    (like / "report.json").write_text(json.dumps(report))
    folded = build(export_preset("tiny"), tmp_path / "build", board=board, like=like)
    assert {x["core"] for x in folded["layers"] if x["lanes"]} == {core}
    assert (folded["totals"]["DSP"] > 0) == (core != "lut")
    result = simulate(tmp_path / "build", images=8, stall=0.2)
    assert result["mismatches"] == 0
