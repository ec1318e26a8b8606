# SPDX-License-Identifier: Apache-2.0
"""Quantizers of every kind: the integers equal what the file's own runtime computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx_models import QONNX, Chain, check
from qonnx.custom_op.general.intquant import int_quant

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.steps import counted
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.quantizers import ROUNDING, Quantizer, integer_range
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds

ACTIVATIONS = {
    "unsigned": {"bits": 3, "signed": False},
    "narrow": {"bits": 3, "narrow": True},
    "ternary": {"bits": 2, "narrow": True},
    "one bit": {"bits": 1, "signed": False},
    "8 bits": {"bits": 8, "scale": 0.125},
    "odd zero": {"bits": 4, "zero": 3},
    "negative zero": {"bits": 4, "zero": -5},
    "unsigned zero": {"bits": 4, "signed": False, "zero": 7},
    "uint8 zero 129": {"bits": 8, "signed": False, "zero": 129, "scale": 0.125},
    "unsigned narrow": {"bits": 3, "signed": False, "narrow": True},
}


def up(chain, ci=3, co=2, **more):
    return chain.op("ConvTranspose", chain.weights((ci, co, 4, 4), **more), strides=[2, 2], pads=[1] * 4)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_activations(name, style):
    """As the input, between layers and as the output. Sums are multiples of a quarter step: many ties."""
    kind = {"scale": 0.5, **ACTIVATIONS[name]}
    chain = up(Chain((1, 3, 4, 4), style).quant(**kind)).quant(**kind)
    check(up(chain, 2).quant(**kind))


@pytest.mark.parametrize("mode", ["CEIL", "FLOOR", "HALF_UP", "HALF_DOWN", "UP", "DOWN", "ROUND"])
@pytest.mark.parametrize("zero", [0, 1])
def test_rounding_modes_of_activations_and_weights(mode, zero):
    chain = Chain((1, 3, 4, 4)).quant(0.5, 4)
    main, chain.tensor = chain.tensor, chain.const(chain.rng.normal(0, 1, (3, 2, 4, 4)))
    chain.quant(0.25, 4, rounding=mode)
    weights, chain.tensor = chain.tensor, main
    chain = chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4)
    check(chain.quant(0.5, 5, zero=zero, rounding=mode))


def test_every_rounding_mode_equals_qonnx_on_ties_and_between():
    x = np.arange(-400, 401, dtype=np.float32) / 32
    for mode in ROUNDING:
        low, high = integer_range(4, True, True)
        for zero in (0, 1, -2):
            ours = Quantizer(0.5, low - zero, high - zero, zero, mode)(torch.from_numpy(x)).numpy()
            known = "DOWN" if mode == "ROUND_TO_ZERO" else mode
            theirs = int_quant(x, np.float32(0.5), np.float32(zero), np.float32(4), 1, 1, known)
            assert np.array_equal(ours * 0.5, theirs), mode


def test_bipolar_activations_and_weights():
    chain = Chain((1, 4, 4, 4)).op("BipolarQuant", "half", domain=QONNX)
    chain.values.append(("half", np.array(0.5, np.float32)))
    main, chain.tensor = chain.tensor, chain.const(chain.rng.normal(0, 1, (4, 3, 4, 4)))
    chain.op("BipolarQuant", "half", domain=QONNX)
    weights, chain.tensor = chain.tensor, main
    chain = chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4)
    chain = chain.op("Add", chain.const(np.array([0.125, -0.25, 0.5]).reshape(1, 3, 1, 1)))
    chain = chain.op("BipolarQuant", "half", domain=QONNX)
    network = check(up(chain, 3, bits=2, narrow=True).quant(0.5, 1, True))
    assert set(np.unique(network.layers[0].linear.weights)) == {-1, 1}
    q = np.random.default_rng(0).choice([-1, 1], (2, *network.dims))
    assert set(np.unique(run_network(network, q, exact=True))) == {-1, 1}


def test_weights_with_a_zero_point_are_folded():
    chain = Chain((1, 3, 4, 4), "qcdq").quant(0.5, 4)
    integers = chain.rng.integers(0, 256, (3, 2, 4, 4))
    main, chain.tensor = chain.tensor, chain.const(integers, np.uint8)
    chain.op("DequantizeLinear", chain.const(2.0**-7), chain.const(131, np.uint8))
    weights, chain.tensor = chain.tensor, main
    network = check(chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4).quant(0.5, 5))
    assert np.array_equal(network.layers[0].linear.weights, integers - 131)


def test_trunc_of_both_versions():
    """in, out bits; or in bits, output scale, out bits, which clamps."""
    for version, inputs in ((1, [8, 4]), (2, [8, 1.0, 4])):
        chain = up(Chain((1, 3, 4, 4), qonnx_opset=version).quant(0.5, 4))
        values = [chain.const(v) for v in (0.125, 0, *inputs)]
        chain = chain.op("Trunc", *values, domain=QONNX, rounding_mode="FLOOR")
        network = check(chain)
        assert (network.target.scale, network.target.shift) == ((0.125, 4), (1.0, 3))[version - 1]


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
@pytest.mark.parametrize("axis", [None, 1])
def test_scales_that_are_no_powers_of_two(style, axis):
    """The exact golden model and the dataflow graph agree everywhere; float32 may not, and is counted."""
    chain = up(Chain((1, 3, 4, 4), style).quant(0.37, 4), 3, 4, scale=0.113, axis=axis)
    chain = chain.op("Add", chain.const(np.array([0.3, -0.1, 0.7, 0.05]).reshape(1, 4, 1, 1))).op("Sigmoid")
    chain = up(chain.quant(0.0619, 4, False), 4, 2, scale=0.071, axis=axis).op("Tanh").quant(0.0079, 8)
    network = read_network(chain.model())
    assert not network.power_of_two
    dataflow = lower(integer_graph(network))
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    q = np.random.default_rng(0).integers(-8, 8, (4, *network.dims))
    exact = run_network(network, q, exact=True)
    for latent, image in zip(q[:2], exact[:2], strict=True):
        assert np.array_equal(run_dataflow(dataflow, latent), image)
    shape = (len(q), *network.dims)
    theirs = np.rint(chain.run((q * np.float32(0.37)).reshape(shape).astype(np.float32)) / np.float32(0.0079))
    assert np.abs(theirs - exact).max() <= 12 and (theirs != exact).mean() < 0.02  # a flipped step spreads


PER_INPUT = {  # kind: shape of weights, axis of inputs, attributes
    "ConvTranspose": ((3, 3, 4, 4), 0, {"strides": [2, 2]}),
    "Conv": ((2, 3, 3, 3), 1, {}),
    "groups": ((3, 2, 4, 4), 0, {"group": 3}),
}


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
@pytest.mark.parametrize("name", PER_INPUT)
def test_scales_per_input_channel(name, style):
    """Taken into the weights where they are powers of two apart; the channel axis of a ConvTranspose is 1."""
    shape, axis, attributes = PER_INPUT[name]

    def chain():
        begun = Chain((1, 3, 4, 4), style).quant(0.5, 4)
        kind = "ConvTranspose" if name == "groups" else name
        return begun.op(kind, begun.weights(shape, axis=axis), **attributes).quant(0.5, 6)

    network = check(chain())
    if name != "groups":
        assert network.layers[0].linear.weights.max() > 7 and network.layers[0].weight_scale.ndim == 0


@pytest.mark.parametrize(
    "scales, says",
    [
        ([1, 3, 4], r"one per output channel \(axis 1\), or such"),
        ([1, 256, 1], "weights up to .* at most 512"),
    ],
)
def test_scales_per_input_channel_that_weights_cannot_take_up(scales, says):
    chain = Chain((1, 3, 4, 4), "qcdq").quant(0.5, 4)
    chain.op("ConvTranspose", chain.weights((3, 2, 4, 4), axis=0), strides=[2, 2]).quant(0.5, 6)
    chain.values = [
        (n, np.array(scales, np.float32) if v.shape == (3,) and v.dtype == np.float32 else v)
        for n, v in chain.values
    ]
    with pytest.raises(UnsupportedError, match=says):
        read_network(chain.model())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value):
    chain = up(Chain((1, 3, 4, 4)).quant(0.5, 4))
    chain = chain.op("Add", chain.const([[[value]], [[0.0]]])).quant(0.5, 4)
    with pytest.raises(UnsupportedError, match="constants that are not finite"):
        read_network(chain.model())
    chain = up(Chain((1, 3, 4, 4)).quant(0.5, 4)).quant(0.5, 4)
    chain.values = [(n, np.full_like(v, value) if v.ndim == 4 and v.size > 1 else v) for n, v in chain.values]
    with pytest.raises(UnsupportedError, match="weights that are not finite"):
        read_network(chain.model())


@pytest.mark.parametrize("zero", [0.5, 1e30, np.inf, np.nan])
def test_zero_points_of_weights_are_whole(zero):
    chain = up(Chain((1, 3, 4, 4)).quant(0.5, 4))
    values = dict(chain.values)
    quantizer = next(n for n in chain.nodes if n.op_type == "Quant" and np.ndim(values.get(n.input[0])) == 4)
    chain.values = [(n, np.float32(zero) if n == quantizer.input[2] else v) for n, v in chain.values]
    with pytest.raises(UnsupportedError, match="zero points that are no integers"):
        read_network(chain.quant(0.5, 4).model())


@pytest.mark.parametrize(
    "kind, says",
    [
        ({"bits": 9}, "9 bits; 1 to 8 are supported"),
        ({"bits": 2.5}, "2.5 bits; 1 to 8 are supported"),
        ({"zero": 0.5}, "zero point 0.5; a whole number"),
        ({"scale": -1.0}, "scale -1; positive finite scales"),
        ({"scale": np.inf}, "positive finite scales"),
        ({"scale": [0.5, 0.25, 1.0]}, "3 activation scales; one per tensor"),
        ({"bits": 1, "signed": False, "narrow": True}, "1 levels; 2 to 256"),
    ],
)
def test_refused(kind, says):
    with pytest.raises(UnsupportedError, match=says):
        read_network(up(Chain((1, 3, 4, 4)).quant(**{"scale": 0.5, **kind})).quant(0.5, 4).model())


@pytest.mark.parametrize(
    "low, high", [(0, 1), (-1, 0), (-1, 1), (-1, 6), (-5, 10), (-7, 7), (0, 4), (-129, 126)]
)
def test_thresholds_fill_the_bits_of_their_type(low, high):
    """FINN's threshold memories are laid out by the type's bits and searched by the number of thresholds."""
    levels = counted(Quantizer(0.5, low, high))
    steps, bits = levels.high - levels.low, smallest_type(low, high).bitwidth()
    assert levels.low <= low and high <= levels.high and steps.bit_length() == bits
