# SPDX-License-Identifier: Apache-2.0
"""Small files whose layers branch and join, and what all of this project makes of them above RTL."""

from __future__ import annotations

import numpy as np
from onnx_models import Chain
from qonnx.core.onnx_exec import execute_onnx

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds

STEP = 0.5


def compared(chain, q=None):
    """File's runtime = network, exact and in float32 = integer graph, all scales being powers of two."""
    network = read_network(chain.model())
    if q is None:
        q = np.random.default_rng(5).choice(network.source.values, (2, *network.dims))
    x = (q * network.source.scale).astype(np.float32).reshape(len(q), *chain.shape[1:])
    expected = np.rint(chain.run(x) / network.target.scale)
    exact = run_network(network, q, exact=True)
    assert network.power_of_two and np.array_equal(exact.reshape(expected.shape), expected)
    assert np.array_equal(run_network(network, q, exact=False), exact)
    integers = integer_graph(network)
    context = execute_onnx(integers, {"image_0": q[:1].astype(np.float32)}, return_full_exec_context=True)
    for name, value in context.items():
        kind = integers.get_tensor_datatype(name)
        assert not kind.is_integer() or kind.min() <= value.min() <= value.max() <= kind.max()
    assert np.array_equal(context[integers.graph.output[0].name][0], exact[0])
    dataflow = lower(integers)
    assert np.array_equal(run_dataflow(dataflow, q[0]), exact[0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    return network


def conv(chain, ci, co, kernel=3, **more):
    return chain.op("Conv", chain.weights((co, ci, kernel, kernel)), pads=[kernel // 2] * 4, **more)


def at(chain, tensor):
    chain.tensor = tensor
    return chain


def doubled(chain):
    return chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 2]), mode="nearest")


def start(channels=3, size=4, **more):
    return Chain((1, channels, size, size), **more).quant(STEP, 4)
