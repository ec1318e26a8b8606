# SPDX-License-Identifier: Apache-2.0
"""Requantizers in the place of thresholds: chosen where they take less, taken over, the same integers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from integer_graphs import Integers
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.resources import total
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.fold import InfeasibleError, fold
from fpgan.build.folding.like import fold_like
from fpgan.build.folding.limits import Budget
from fpgan.build.folding.size_fifos import period
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.build.report.summary import summarize
from fpgan.hw.boards import get_board

BOARD = get_board("pynq-z2")


def network(act="Relu"):
    """64 features of 8 bits, then a function of each, quantized again, and 3 more."""
    chain = Chain((1, 8, 1, 1)).quant(0.37, 8)
    chain.op("ConvTranspose", chain.weights((8, 64, 1, 1), 0.0171, 8)).op(act).quant(0.41, 8)
    chain.op("Mul", chain.const(np.float32(0.77))).quant(0.43, 8)
    return read_network(
        chain.op("ConvTranspose", chain.weights((64, 3, 1, 1), 0.0213, 8)).quant(0.9, 8).model()
    )


def kinds(model):
    return [node.op_type for node in model.graph.node if node.name.startswith(("threshold", "requantize"))]


def folded(read, budget):
    model = lower(integer_graph(read))
    fold(model, BOARD.part, budget, 512)
    return model


def test_a_decoder_whose_thresholds_are_no_lines_fits_too():
    """20-400-784 features of 8 bits on a ZCU104 at 500 images/s: 301,920 thresholds in 499 block RAMs.

    At one shape of memory for all of them they were priced 602.
    """
    g, board = Integers((1, 1), 20, "INT8"), get_board("zcu104")
    same = {"kernel": 1, "pad": 0, "out": "UINT8", "bits": 8}
    g.linear(g.linear("image_0", 400, **same), 784, **same)
    model = lower(g.model())
    share = Budget(*(int(0.8 * board.budget[name]) for name in ("LUT", "DSP", "BRAM18")))
    fold(model, board.part, share, int(board.default_clock_mhz * 1e6 / 500))
    assert kinds(model) == ["Thresholding_rtl"] * 2
    spent = total(insert_streams(model), board.part)
    assert spent.within(Cost(share.lut, share.dsp, share.bram18)) and spent.bram18 > 300


def test_the_cheaper_of_both_is_taken(tmp_path):
    """Where block RAM is short, lines: proved, of the same integers, and taken over by their cores."""
    read = network()
    q = np.random.default_rng(0).choice(read.source.values, (2, *read.dims))
    scarce = folded(read, Budget(3_000, 0, 6))
    assert "Requantize_rtl" in kinds(scarce)
    with pytest.raises(InfeasibleError):  # a Tanh is no line
        folded(network("Tanh"), Budget(3_000, 0, 6))
    cores = {n.name: getCustomOp(n).get_nodeattr("core") for n in scarce.graph.node if n.name[:3] == "req"}
    with_dsp = folded(read, Budget(3_000, 100, 6))
    assert set(cores.values()) == {"lut"} and any(
        getCustomOp(n).get_nodeattr("core") == "dsp" for n in with_dsp.graph.node if n.name[:3] == "req"
    )
    plain = lower(integer_graph(read))
    for model in (scarce, with_dsp):
        assert prove_thresholds(read, model)["mismatches"] == 0
        assert all(np.array_equal(run_dataflow(model, x), run_dataflow(plain, x)) for x in q)
    (tmp_path / "report.json").write_text(json.dumps(summarize(with_dsp, BOARD, 100.0, 0.8)))
    again = lower(integer_graph(read))
    fold_like(again, tmp_path)
    assert kinds(again) == kinds(with_dsp)
    layers = summarize(again, BOARD, 100.0, 0.8)["layers"]
    assert layers[1]["core"] == "dsp" and "requantizer" not in layers[0]
    said, op = layers[1]["requantizer"], getCustomOp(again.graph.node[1])
    line, marks = (again.get_initializer(name) for name in op.onnx_node.input[1:])
    assert int(line[:, 0].max()).bit_length() == said["multiplier_bits"]
    assert marks.shape == (64, said["levels"] + 1) and int(marks.max()).bit_length() == said["mark_bits"]
    assert said["memory_bits"] == 64 * (
        said["multiplier_bits"] + said["offset_bits"] + marks.shape[1] * said["mark_bits"]
    )


@pytest.mark.parametrize("act", ["Relu", "Abs"])
def test_as_many_channels_at_once_as_the_rate_asks_for(act):
    """64 channels of 16 pixels in 256 cycles, and the function behind them as many; an image took 1,024."""
    chain = Chain((1, 8, 4, 4)).quant(0.37, 8)
    chain.op("Conv", chain.weights((64, 8, 1, 1), 0.0171, 8)).quant(0.41, 8)
    model = lower(integer_graph(read_network(chain.op(act).quant(0.43, 4, signed=False).model())))
    fold(model, BOARD.part, Budget(20_000, 0, 6), 256)
    steps = [node for node in model.graph.node if node.op_type != "Deconv_rtl"]
    assert len(steps) == 2 and "Requantize_rtl" in kinds(model)
    assert all(getCustomOp(node).get_nodeattr("PE") == 4 for node in steps)
    assert period(model, {}) <= 256
