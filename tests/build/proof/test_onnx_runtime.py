# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's own integers on a file, counted against the golden vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto
from onnx_models import Chain
from post_training import exported, network, ort_static

from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import golden_vectors
from fpgan.build.proof.onnx_runtime import against_runtime


def compared(model, change=lambda vectors: vectors):
    read = read_network(model)
    return against_runtime(model, read, change(golden_vectors(Path("none.onnx"), read).vectors))


def up(chain):
    return chain.op("ConvTranspose", chain.weights((3, 2, 4, 4)), strides=[2, 2], pads=[1] * 4)


def test_a_quantized_file_in_onnx_runtime(tmp_path):
    """Both ways of running it: without a difference; then of vectors of which three values were altered."""
    module, x = network("dcgan")
    model = ort_static(exported(module, x), x, tmp_path)
    found = compared(model)
    assert [(s["optimized"], s["differ"], s["largest"]) for s in found["sessions"]] == [
        (True, 0, 0),
        (False, 0, 0),
    ]

    def altered(vectors):
        image = vectors.image.copy()
        image.reshape(-1)[[0, 70, 900]] += (1, -2, 1)
        return replace(vectors, image=image)

    assert [(s["differ"], s["largest"]) for s in compared(model, altered)["sessions"]] == [(3, 2)] * 2


def test_integers_with_zero_points_at_both_ends():
    chain = Chain((1, 3, 4, 4), "qcdq")
    step, point = chain.const(0.5), chain.const(100, np.uint8)
    up(chain.op("DequantizeLinear", step, point)).op("QuantizeLinear", step, point)
    model = chain.model()
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.elem_type = TensorProto.UINT8
    assert all(s["differ"] == 0 and s["values"] == 16 * 128 for s in compared(model)["sessions"])


def test_what_follows_the_last_quantizer_is_left_out():
    """The host's function, and axes that the host orders behind it."""
    chain = up(Chain((1, 3, 4, 4), "qcdq").quant(0.5, 8)).quant(0.25, 8).op("Exp")
    assert all(s["differ"] == 0 for s in compared(chain.model())["sessions"])


def test_files_that_are_not_compared():
    """QONNX, and inputs that the host orders or computes."""
    assert compared(up(Chain((1, 3, 4, 4)).quant(0.5, 4)).quant(0.25, 4).model()) is None
    turned = Chain((1, 4, 4, 3), "qcdq").op("Transpose", perm=[0, 3, 1, 2]).quant(0.5, 8)
    assert compared(up(turned).quant(0.25, 8).model()) is None
    computed = Chain((1, 3, 4, 4), "qcdq").op("Relu").quant(0.5, 8)
    assert compared(up(computed).quant(0.25, 8).model()) is None


def test_what_onnx_runtime_refuses_is_not_compared():
    model = up(Chain((1, 3, 4, 4), "qcdq").quant(0.5, 8)).quant(0.25, 8).model()
    other = onnx.ModelProto()
    other.CopyFrom(model)
    other.ir_version = 9999
    read = read_network(model)
    assert against_runtime(other, read, golden_vectors(Path("none.onnx"), read).vectors) is None
