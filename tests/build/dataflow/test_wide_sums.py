# SPDX-License-Identifier: Apache-2.0
"""Sums and thresholds beyond 2^24, where float32 holds no longer every integer."""

from __future__ import annotations

import numpy as np
import pytest
from finn.custom_op.fpgadataflow.rtl.thresholding_rtl import Thresholding_rtl as FinnThresholding
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.proof.thresholds import prove_thresholds


@pytest.fixture
def wide():
    """2^11 products of 15 bits, their lowest threshold at an odd number beyond 2^24."""
    chain = Chain((1, 2048, 1, 1)).quant(2**-7, 8)
    weights = chain.const(np.full((2048, 1, 1, 1), -1.0))
    main, chain.tensor = chain.tensor, weights
    weights = chain.quant(2**-7, 8).tensor
    chain.tensor = main
    chain.op("ConvTranspose", weights, kernel_shape=[1, 1]).op("Mul", chain.const(1 + 2**-20))
    network = read_network(chain.quant(16.25, 8).model())
    return network, lower(integer_graph(network))


def nodes(dataflow, kind):
    return [getCustomOp(node) for node in dataflow.graph.node if node.op_type == kind]


def test_thresholds_and_sums_beyond_2_24_are_exact(wide):
    network, dataflow = wide
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    steps = dataflow.get_initializer("thresholds_0").astype(np.int64)
    assert np.abs(steps).max() > 2**24 and (steps % 2 != 0).any()
    (op,) = nodes(dataflow, "Thresholding_rtl")
    near = steps[0][-3:, None] + np.array([-1, 0])
    context = {op.onnx_node.input[0]: near.reshape(-1, 1, 1, 1).astype(np.float64)}
    context[op.onnx_node.input[1]] = steps
    op.execute_node(context, None)
    counted = context[op.onnx_node.output[0]].reshape(-1, 2)
    assert np.array_equal(counted, np.array([[251, 252], [252, 253], [253, 254]]) - 127)
    x = np.full((2048, 1, 1), -128)
    x[0] = 127
    expected = network.layers[0].step_function()(np.array([[2047 * 2**14 - 127 * 128]]))
    assert run_dataflow(dataflow, x)[0, 0, 0] == expected[0, 0]


@pytest.mark.parametrize("pe", [1, 2])
def test_memories_equal_finns_where_float32_is_exact(tmp_path, pe):
    chain = Chain((1, 3, 2, 2)).quant(0.5, 4)
    chain.op("Conv", chain.weights((4, 3, 3, 3)), pads=[1] * 4)
    dataflow = lower(integer_graph(read_network(chain.quant(0.5, 3).model())))
    (ours,) = nodes(dataflow, "Thresholding_rtl")
    ours.set_nodeattr("PE", pe)
    steps = dataflow.get_initializer("thresholds_0")
    for op, folder in ((ours, tmp_path / "ours"), (FinnThresholding(ours.onnx_node), tmp_path / "finns")):
        folder.mkdir()
        op.make_weight_file(steps, "internal_embedded", str(folder / "memblock.dat"))
    files = sorted((tmp_path / "finns").iterdir())
    assert len(files) == 3 * pe
    assert all((tmp_path / "ours" / f.name).read_text() == f.read_text() for f in files)


def test_a_threshold_of_33_bits_is_written_whole(tmp_path, wide):
    (op,) = nodes(wide[1], "Thresholding_rtl")
    op.set_nodeattr("weightDataType", "INT33")
    steps = np.arange(255, dtype=np.float64)[None] - 2**32 + 1
    op.make_weight_file(steps, "internal_embedded", str(tmp_path / "memblock.dat"))
    first = (tmp_path / "threshold_0_threshs_0_0.dat").read_text().split()
    assert [int(word, 16) for word in first] == [(127 - 2**32 + 1) % 2**33]
