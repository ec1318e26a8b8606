# SPDX-License-Identifier: Apache-2.0
"""A network whose layers branch and join, down to RTL."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from joined_models import STEP, conv
from onnx_models import Chain, at_rtl
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds


def network():
    """Features as an image, a convolution and its skip of half the scale, that and the image joined."""
    chain = Chain((1, 5)).quant(STEP, 4)
    chain.op("Gemm", chain.weights((16, 5)), chain.const(np.arange(16) / 8 - 1), transB=1)
    chain.op("Reshape", chain.const([1, 4, 2, 2], np.int64)).op("Relu")
    image = chain.quant(STEP, 4, False).tensor
    conv(chain, 4, 4).quant(2 * STEP, 4).op("Add", image)
    chain.op("LeakyRelu", alpha=0.25).quant(STEP, 4).op("Concat", image, axis=1)
    chain.op("ConvTranspose", chain.weights((8, 1, 4, 4)), strides=[2, 2], pads=[1] * 4).op("Tanh")
    return chain.quant(2**-5, 6)


@pytest.mark.verilator
def test_pixels_of_joined_layers(tmp_path):
    chain = network()
    onnx.save(chain.model(), tmp_path / "m.onnx")
    report = at_rtl(tmp_path / "m.onnx", tmp_path / "build", stall=0.2)
    assert [row["name"] for row in report["threshold_proof"]["layers"]] == [
        f"threshold_{i}" for i in (0, 1, 2, 4)
    ]
    read = read_network(chain.model())
    dataflow = ModelWrapper(str(tmp_path / "build/dataflow.onnx"))
    add = getCustomOp(dataflow.get_node_from_name("add_2"))
    assert list(add.get_nodeattr("factors")) == [2, 1]
    add.set_nodeattr("factors", [1, 1])
    q = np.random.default_rng(0).choice(read.source.values, read.dims)
    assert (run_dataflow(dataflow, q) != run_network(read, q[None], exact=True)[0]).any()
    assert prove_thresholds(read, dataflow)["mismatches"] > 0
