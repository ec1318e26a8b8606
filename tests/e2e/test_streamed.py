# SPDX-License-Identifier: Apache-2.0
"""Weights from memory while images are computed: PyTorch's images, in as many cycles as are predicted."""

from __future__ import annotations

import json
from dataclasses import replace

import onnx
import pytest
from streamed_networks import network

from fpgan.build.finn.flow import finn_flow
from fpgan.build.flow import build
from fpgan.build.new_weights import weights
from fpgan.hw.design import STREAMED, Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.compile import Compilation, compile_design
from fpgan.sim.compiled.stream import Run, stream
from fpgan.sim.simulate import simulate
from fpgan.sim.vectors import golden_of

BATCH = 3
SLOW = 60  # MB/s, which hold up the layers


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "network.onnx"
    onnx.save(network(), str(path))
    return path


@pytest.fixture(scope="module")
def built(model, tmp_path_factory):
    """Two layers streamed in a row: the buffer between them is one."""
    out = tmp_path_factory.mktemp("streamed") / "build"
    build(model, out, weight_storage="streamed", batch=BATCH, cores=("lut",), budget={"BANDWIDTH": SLOW})
    return out


def report(folder):
    return json.loads((folder / "report.json").read_text())


@pytest.mark.verilator
def test_the_memory_binds_and_cycles_are_those_predicted(built):
    said, ops = report(built), [layer["op"] for layer in report(built)["layers"]]
    streams = [layer["stream"] for layer in said["layers"] if "stream" in layer]
    assert len(streams) == 2 and ops.count("BatchBuffer_rtl") == 3
    needed = sum(stream["bytes"] for stream in streams) / BATCH / SLOW * said["clock_mhz"]
    assert needed <= said["cycles_per_image"] <= 1.02 * needed + 1
    found = simulate(built, images=5 * BATCH)
    assert found["mismatches"] == 0
    assert abs(found["cycles_per_image"] - said["cycles_per_image"]) <= 0.02 * said["cycles_per_image"]
    assert abs(found["latency_cycles"] - said["latency_cycles"]) <= 0.02 * said["latency_cycles"]


@pytest.mark.verilator
def test_pauses_a_reset_and_a_batch_that_is_not_full(built):
    found = simulate(built, images=2 * BATCH + 1, stall=0.4, reset_first=True)
    assert (found["mismatches"], found["images"]) == (0, 2 * BATCH + 1)


@pytest.mark.verilator
def test_a_round_that_is_cut_or_too_long_makes_no_image(built, tmp_path):
    """As a reader of memory that has lost its place: the accelerator says so, and stops."""
    design = Design.load(built)
    (built / "program").unlink(missing_ok=True)
    program, _ = compile_design(design, Compilation(), tmp_path, tmp_path / "log")
    latent = golden_of(design).latent[:BATCH].transpose(0, 2, 3, 1)
    beat = design.streams.beat_bits // 8
    for more in (-beat, -design.streams.layers[0].bytes // 2):
        first = replace(design.streams.layers[0], bytes=design.streams.layers[0].bytes + more)
        streams = replace(design.streams, layers=(first, *design.streams.layers[1:]))
        with pytest.raises(ToolError, match="a round of weights ended elsewhere"):
            stream(replace(design, streams=streams), program, tmp_path / "log", latent, Run(stall=0.2))


def test_weights_of_another_design_are_refused(built, tmp_path):
    file = built / STREAMED
    content = file.read_bytes()
    try:
        file.write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
        with pytest.raises(
            ValueError, match=r"streamed.bin: is damaged: the CRC of deconv_0 is wrong; run fpgan"
        ):
            simulate(built)
        file.unlink()
        with pytest.raises(ValueError, match=r"streamed.bin: no such file; run fpgan build again"):
            simulate(built)
    finally:
        file.write_bytes(content)


def test_what_is_not_for_streamed_weights_says_so(model, built, tmp_path):
    for refused, why in (
        (
            lambda: emit_host(Design.load(built), tmp_path / "host"),
            "the host interface reads none from memory",
        ),
        (
            lambda: build(model, tmp_path / "b", weight_storage="streamed", batch=64),
            "in no layer are weights more bits than the images that batch=64 holds",
        ),
        (lambda: build(model, tmp_path / "b", weight_storage="streamed", board="zcu104"), "BANDWIDTH=1500"),
        (lambda: build(model, tmp_path / "b", batch=2), "ask for weight_storage=streamed or auto too"),
        (lambda: weights(model, built, tmp_path / "w.bin"), "its weights are streamed"),
        (lambda: finn_flow(built, tmp_path / "finn"), "weights are streamed, for which FINN has no port"),
        (lambda: build(model, tmp_path / "b", like=built), "its weights are streamed in"),
        (lambda: simulate(built, layers=lambda _: None), "layers put out tiles of batches"),
    ):
        with pytest.raises(ValueError, match=why):
            refused()
