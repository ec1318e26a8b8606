# SPDX-License-Identifier: Apache-2.0
"""Random generators against plain PyTorch and the file's own runtime: reader, thresholds, dataflow, RTL.

FPGAN_FUZZ=N runs N generators, half of them chains and half graphs, each built and simulated at RTL (make
fuzz). A failure shrinks; the smallest model that fails is left at out/fuzz/KIND.onnx.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from joined_models import compared as compared_above_rtl
from onnx_models import Chain, at_rtl
from post_training import runtime
from random_graphs import graphs
from random_post_training import files

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.requantizers import possible, put
from fpgan.build.folding import limits
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds

COUNT = int(os.environ.get("FPGAN_FUZZ", "0"))
FAILED = Path("out/fuzz")
OF_EACH = (COUNT + 1) // 2 or 20
FUZZ = {"deadline": None, "derandomize": not COUNT,
        "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}  # fmt: skip
CORES = st.sampled_from(limits.CORES)  # of every layer
ACTIVATIONS = {
    None: lambda x: x, "Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid,
    "LeakyRelu": lambda x: F.leaky_relu(x, 0.01),
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """Parameters as PyTorch takes them; padding and dilation (rows, columns)."""

    transposed: bool
    groups: int
    channels: int  # per group, out
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    extra: tuple[int, int]
    dilation: tuple[int, int]
    weight_bits: int
    per_channel: bool
    bias: bool
    activation: str | None
    bits: int
    signed: bool
    narrow: bool

    def size(self, size):
        """Output rows and columns of an input's; less than 1 where the padding leaves nothing."""
        reach = [d * (k - 1) for d, k in zip(self.dilation, self.kernel, strict=True)]
        axes = zip(size, self.stride, self.padding, reach, self.extra, strict=True)
        if self.transposed:
            return tuple((n - 1) * s - 2 * p + r + 1 + extra for n, s, p, r, extra in axes)
        return tuple((n + 2 * p - r - 1) // s + 1 for n, s, p, r, _ in axes)

    def run(self, x, weights, bias):
        """Plain PyTorch on floats of any precision."""
        if self.transposed:
            y = F.conv_transpose2d(
                x, weights, bias, self.stride, self.padding, self.extra, self.groups, self.dilation
            )
        else:
            y = F.conv2d(x, weights, bias, self.stride, self.padding, self.dilation, self.groups)
        return ACTIVATIONS[self.activation](y)


@st.composite
def layers(draw):
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    transposed = draw(st.booleans())
    stride = draw(pair(1, 3))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2), (3, 2)]))
    room = [max(s, d) - 1 for s, d in zip(stride, dilation, strict=True)]
    extra = tuple(draw(st.integers(0, r)) for r in room) if transposed else (0, 0)
    return Layer(
        transposed, draw(st.sampled_from([1, 1, 2, 3, 4])), draw(st.integers(1, 3)), draw(pair(1, 4)), stride,
        draw(pair(0, 2)), extra, dilation, draw(st.integers(2, 5)), draw(st.booleans()), draw(st.booleans()),
        draw(st.sampled_from(list(ACTIVATIONS))), draw(st.integers(2, 5)), draw(st.booleans()),
        draw(st.booleans()),
    )  # fmt: skip


@st.composite
def generators(draw):
    """A Chain, and the same network as plain PyTorch in a function of latent integers (N,C,H,W)."""
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    plan = draw(st.lists(layers(), min_size=1, max_size=3))
    exact = draw(st.booleans())  # scales are powers of two
    channels = plan[0].groups * draw(st.integers(1, 3))
    chain = Chain(
        (1, channels, *size), draw(st.sampled_from(["qonnx", "qcdq"])), seed=draw(st.integers(0, 99))
    )
    scale = 0.5 if exact else 0.37
    chain.quant(scale, 4)
    steps = []
    for layer in plan:
        size = layer.size(size)
        assume(channels % layer.groups == 0 and min(size) > 0)
        steps.append(add_layer(chain, layer, channels, scale if not steps else steps[-1][-1], exact))
        channels = layer.channels * layer.groups
    return chain, steps, scale


def add_layer(chain, layer, channels, source, exact):
    """Append the layer; returns (layer, integer weights, weight scale, bias, source scale, target scale)."""
    out = layer.channels * layer.groups
    if layer.transposed:
        shape, axis = (channels, layer.channels, *layer.kernel), 1
    else:
        shape, axis = (out, channels // layer.groups, *layer.kernel), 0
    per_channel = layer.per_channel and (layer.groups == 1 or not layer.transposed)
    name = chain.weights(shape, 0.25 if exact else 0.171, layer.weight_bits, axis if per_channel else None)
    produced = chain.nodes[-1]
    values = dict(chain.values)
    weight_scale = np.ravel(values[produced.input[1]])
    integers = np.round(
        values[produced.input[0]] / (values[produced.input[1]] if chain.style == "qonnx" else 1)
    )
    bias = chain.rng.integers(-8, 9, out) * np.float32(0.125 if exact else 0.0931)
    inputs = [name, chain.const(bias)] if layer.bias else [name]
    attributes = {"dilations": layer.dilation, "group": layer.groups, "pads": layer.padding * 2,
                  "strides": layer.stride}  # fmt: skip
    if layer.transposed:
        attributes |= {"output_padding": layer.extra}
    chain.op("ConvTranspose" if layer.transposed else "Conv", *inputs, **attributes)
    if layer.activation:
        chain.op(layer.activation)
    target = (0.5 if exact else 0.431) / (8 if layer.activation in ("Tanh", "Sigmoid") else 1)
    chain.quant(target, layer.bits, layer.signed, layer.narrow)
    return layer, integers, weight_scale, bias if layer.bias else None, source, target


def pytorch(steps, q):
    """Sums of integers in float64, one float32 scale per accumulator, then plain float32."""
    x = torch.from_numpy(q.astype(np.float64))
    for layer, integers, weight_scale, bias, source, target in steps:
        plain = Layer(**{**vars(layer), "activation": None})
        acc = plain.run(x, torch.from_numpy(integers.astype(np.float64)), None).float()
        scale = torch.from_numpy(np.float32(source) * weight_scale).reshape(1, -1, 1, 1)
        y = acc * scale
        if bias is not None:
            y = y + torch.from_numpy(np.asarray(bias, np.float32)).reshape(1, -1, 1, 1)
        y = torch.round(ACTIVATIONS[layer.activation](y) / np.float32(target))
        low = -(2 ** (layer.bits - 1)) + layer.narrow if layer.signed else 0
        high = 2 ** (layer.bits - 1) - 1 if layer.signed else 2**layer.bits - 1 - layer.narrow
        x = torch.clamp(y, low, high).double()
    return x.numpy().astype(np.int64)


def kept(model, kind):
    """The file of a model that may fail."""
    FAILED.mkdir(parents=True, exist_ok=True)
    path = FAILED / f"{kind}.onnx"
    onnx.save(model, path)
    return path


def requantized(network, dataflow, q, expected):
    """With a requantizer in the place of each layer's thresholds, of those that there could be."""
    for node in list(dataflow.get_nodes_by_op_type("Thresholding_rtl")):
        found = possible(dataflow, node)
        if found:
            put(dataflow, node, found[int(q.sum()) % len(found)])
    assert np.array_equal(run_dataflow(dataflow, q), expected)
    assert prove_thresholds(network, dataflow)["mismatches"] == 0


def compare(model, case):
    """Everything above RTL agrees with both references."""
    chain, steps, scale = case
    network = read_network(model)
    q = np.random.default_rng(1).choice(network.source.values, (2, *network.dims))
    expected = pytorch(steps, q)
    assert np.array_equal(run_network(network, q, exact=True), expected)
    theirs = np.rint(chain.run((q * np.float32(scale)).astype(np.float32)) / np.float32(steps[-1][-1]))
    transcendental = any(s[0].activation in ("Tanh", "Sigmoid") for s in steps)  # each runtime has its own
    # ONNX Runtime leaves outputs unset that output_padding adds beyond the last stride.
    unset = any(e >= s for layer, *_ in steps for e, s in zip(layer.extra, layer.stride, strict=True))
    if network.power_of_two and not transcendental and not unset:
        assert np.array_equal(theirs, expected)
    dataflow = lower(integer_graph(network))
    assert np.array_equal(run_dataflow(dataflow, q[0]), expected[0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    requantized(network, dataflow, q[0], expected[0])


@settings(max_examples=OF_EACH, **FUZZ)
@given(generators(), CORES)
def test_random_generators(tmp_path_factory, case, core):
    model = case[0].model()
    path = kept(model, "chain")
    compare(model, case)
    if COUNT:
        at_rtl(path, tmp_path_factory.mktemp("fuzz") / "build", cores=(core,))
    path.unlink()


@settings(max_examples=OF_EACH, **FUZZ)
@given(graphs(), CORES)
def test_random_graphs(tmp_path_factory, grown, core):
    """Layers that branch, sums, concatenations: each image's integers as plain PyTorch makes them."""
    path = kept(grown.chain.model(), "graph")
    network = compared_above_rtl(grown.chain, grown.q)
    expected = grown.images[-1].integers.numpy()
    assert np.array_equal(run_network(network, grown.q, exact=True), expected)
    if COUNT:
        at_rtl(path, tmp_path_factory.mktemp("fuzz") / "build", cores=(core,))
    path.unlink()


@settings(max_examples=(OF_EACH + 1) // 2, **FUZZ)
@given(graphs(free=True), CORES)
def test_random_graphs_of_free_scales(tmp_path_factory, grown, core):
    """The network with exact sums is the dataflow graph; the file's float32 differs where it rounds."""
    path = kept(grown.chain.model(), "free")
    network = read_network(grown.chain.model())
    exact = run_network(network, grown.q, exact=True)
    dataflow = lower(integer_graph(network))
    assert np.array_equal(run_dataflow(dataflow, grown.q[0]), exact[0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    theirs = grown.chain.run((grown.q * np.float32(network.source.scale)).astype(np.float32))
    difference = np.abs(np.rint(theirs / np.float32(network.target.scale)) - exact)
    assert np.median(difference) == 0
    if COUNT:
        at_rtl(path, tmp_path_factory.mktemp("fuzz") / "build", cores=(core,))
    path.unlink()


@settings(max_examples=(COUNT + 3) // 4 or 5, **FUZZ)
@given(files(), CORES)
def test_random_post_training(tmp_path_factory, model, core):
    """As ONNX Runtime and torch.ao write them: the file's own runtime, but for float32's other roundings."""
    path = kept(model, "post_training")
    network = read_network(model)
    q = np.random.default_rng(1).choice(network.source.values, (2, *network.dims))
    expected = run_network(network, q, exact=True)
    theirs = np.rint(
        runtime(model, (q * np.float32(network.source.scale)).astype(np.float32)) / network.target.scale
    )
    clipped = np.clip(theirs, network.target.low, network.target.high)
    assert (clipped != expected).mean() < 0.02 and np.abs(clipped - expected).max() < 8
    dataflow = lower(integer_graph(network))
    assert np.array_equal(run_dataflow(dataflow, q[0]), expected[0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    requantized(network, dataflow, q[0], expected[0])
    if COUNT:
        at_rtl(path, tmp_path_factory.mktemp("fuzz") / "build", cores=(core,))
    path.unlink()
