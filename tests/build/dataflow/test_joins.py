# SPDX-License-Identifier: Apache-2.0
"""Graphs whose paths part and meet: numpy = integer graph = dataflow graph = RTL, in predicted cycles."""

from __future__ import annotations

import json

import numpy as np
import pytest
from integer_graphs import BOARD, Integers, everything, finished, folded, parted
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.size_fifos import size_fifos
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.report.summary import summarize
from fpgan.build.writers.hls import emit_hls, hls_layers
from fpgan.build.writers.rtl import emit_rtl
from fpgan.hw.build_files import VERSION
from fpgan.sim.simulate import simulate


def emitted(g, model, folder, backend="rtl"):
    """A BUILD as fpgan build leaves it."""
    model, vectors = insert_streams(model, size_fifos(model)), g.vectors(6)
    if backend == "hls":
        design = emit_hls(hls_layers(model), BOARD, 300.0, vectors, folder / "hls")
    else:
        design = emit_rtl(model, BOARD.part, 300.0, folder / "rtl")
    design |= {"version": VERSION, "name": "joins", "backend": backend, "board": BOARD.name,
               "part": BOARD.part, "family": BOARD.family, "clock_mhz": 300.0, "golden": "exact"}  # fmt: skip
    report = summarize(model, BOARD, 300.0, 0.8)
    for name, content in (("design", design), ("report", report)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    model.save(str(folder / "dataflow.onnx"))
    vectors.save(folder / "golden.npz")
    return report


@pytest.mark.parametrize("style", ["subpixel", "zero_insert"])
@pytest.mark.parametrize("target", [None, 900])
def test_graphs_equal_numpy(style, target):
    g = everything()
    vectors, integers = g.vectors(), g.model()
    model = insert_streams(folded(g, target, style))
    names = [node.name for node in model.graph.node]
    assert {"fork_1", "add_3", "concat_1", "regroup_0", "fifo_2", "fifo_1_0", "fifo_1_2", "fifo_3_1"} <= set(
        names
    )
    for latent, image in zip(vectors.latent, vectors.image, strict=True):
        outputs = execute_onnx(integers, {"image_0": latent[None].astype(np.float32)})
        assert np.array_equal(outputs[f"image_{g.index}"][0], image)
        assert np.array_equal(run_dataflow(model, latent), image)


@pytest.mark.verilator
def test_rtl_equals_numpy_in_the_predicted_cycles(tmp_path):
    g = parted(1)
    report = emitted(g, folded(g, 300), tmp_path)
    result = simulate(tmp_path, images=6)
    assert result["mismatches"] == 0 and result["pixels"] == 6 * 20
    assert result["cycles_per_image"] == report["cycles_per_image"] == 300
    assert result["latency_cycles"] == report["latency_cycles"]
    assert simulate(tmp_path, images=6, stall=0.4, reset_first=True)["mismatches"] == 0


@pytest.mark.verilator
def test_hls_equals_numpy(tmp_path):
    g = everything(2)
    report = emitted(g, folded(g, 700), tmp_path, "hls")
    result = simulate(tmp_path, images=6)
    assert result["mismatches"] == 0 and result["pixels"] == 6 * 80
    cycles = {layer["name"]: layer["cycles"] for layer in report["layers"]}
    for name in ("fork_1", "add_3", "concat_1", "regroup_0"):
        assert result["iterations"][name] == {"counted": cycles[name], "predicted": cycles[name]}


def test_channels_of_images_that_part_or_meet_are_not_padded():
    g = Integers((2, 2), 3)
    shared = g.linear("image_0", 17)
    model = folded(finished(g, g.add(g.linear(g.linear(shared, 17), 17), shared)), 300)
    channels = {n.name: n for n in model.graph.node if n.op_type == "Deconv_rtl"}
    assert [getCustomOp(channels[f"deconv_{i}"]).get_nodeattr("CO") for i in (0, 2)] == [17, 17]
    vectors = g.vectors()
    assert np.array_equal(run_dataflow(model, vectors.latent[0]), vectors.image[0])
