# SPDX-License-Identifier: Apache-2.0
"""Bounded accumulators: what the build proves of the exported weights fits in the bits asked for."""

from __future__ import annotations

from dataclasses import replace

import made_up
import numpy as np
import pytest
import torch
from brevitas.nn import QuantConv2d, QuantConvTranspose2d

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.linear import Linear
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.model.accumulator import Accumulator
from fpgan.model.config import PRESETS, GeneratorConfig, TrainConfig
from fpgan.model.export import export
from fpgan.model.generator import Generator
from fpgan.model.run import load_run, save_run
from fpgan.model.train import calibrate

VARIANTS = {
    "deconv": {"accumulator_bits": 11},
    "per layer": {"accumulator_bits": (13, 9, 8)},
    "signed": {"accumulator_bits": 10, "activation": "leaky_relu"},
    "nearest bias": {"accumulator_bits": 10, "upsample": "nearest", "bias": True},
    "kernel 5": {"accumulator_bits": 10, "base": 7, "kernel": 5, "padding": 2, "output_padding": 1},
    "channels": {"accumulator_bits": 10, "weight_scales": "channel"},
    "W8A2": {"accumulator_bits": 10, "weight_bits": 8, "act_bits": 2, "classes": 10},
}
FREE = {"accumulator_bits": None}


def config_of(fields):
    return replace(PRESETS["tiny"], generator=replace(PRESETS["tiny"].generator, **fields))


def with_large_weights(fields):
    """An untrained generator some of whose channels have far larger weights than others."""
    torch.manual_seed(1)
    generator = Generator(config_of(fields).generator)
    with torch.no_grad():
        for conv in convolutions(generator):
            shape = [-1 if i == conv.output_channel_dim else 1 for i in range(4)]
            conv.weight *= torch.logspace(-1, 1, conv.out_channels).view(shape)
    calibrate(generator, 0)
    return generator


def convolutions(generator):
    return [m for m in generator.modules() if isinstance(m, QuantConv2d | QuantConvTranspose2d)]


@pytest.mark.parametrize(("low", "high"), [(0, 15), (-128, 127)])
@pytest.mark.parametrize("kernel, stride, pad", [(4, 2, 1), (5, 2, 2), (3, 1, 1), (4, 3, 0), (2, 3, 0)])
def test_the_largest_sum_is_what_the_build_proves(kernel, stride, pad, low, high):
    weights = np.random.default_rng(0).integers(-7, 8, (6, 5, kernel, kernel))
    linear = Linear(weights, (9, 9), (stride, stride), (pad,) * 4, (0, 0))
    least, most = linear.accumulator_range(low, high)
    found = Accumulator(16, low, high, stride, axis=1).largest(torch.from_numpy(weights).float())
    assert found.tolist() == np.maximum(-least, most).tolist()
    other = Accumulator(16, low, high, stride, axis=0)
    assert other.largest(torch.from_numpy(weights).float().transpose(0, 1)).tolist() == found.tolist()


@pytest.mark.parametrize("name", ["per layer", "nearest bias", "kernel 5"])
def test_accumulators_of_the_exported_graph_fit(name, tmp_path):
    fields = VARIANTS[name]
    widths = {}
    for kind, chosen in (("bounded", fields), ("free", fields | FREE)):
        (tmp_path / kind).mkdir()
        save_run(tmp_path / kind, with_large_weights(chosen), config_of(chosen), made_up.metrics())
        path = export(tmp_path / kind, tmp_path / f"{kind}.onnx", vectors=2)
        graph = integer_graph(read_network(load_model(path)))
        widths[kind] = [graph.get_tensor_datatype(f"acc_{i}").bitwidth() for i in range(3)]
    asked = config_of(fields).generator.layer_accumulator_bits
    for wide, limit, free in zip(widths["bounded"], asked, widths["free"], strict=True):
        assert wide <= limit
        assert wide == limit or wide == free or name == "nearest bias"  # no narrower than need be
    assert sum(widths["bounded"]) < sum(widths["free"])


@pytest.mark.parametrize("name", VARIANTS)
def test_only_channels_that_could_overflow_are_made_smaller(name):
    bounded, free = (with_large_weights(f) for f in (VARIANTS[name], VARIANTS[name] | FREE))
    used: list[float] = []
    for one, other in zip(convolutions(bounded), convolutions(free), strict=True):
        bound = one.weight_quant.tensor_quant.accumulator
        (mine, theirs), scale = (c.quant_weight().value for c in (one, other)), one.quant_weight().scale
        assert torch.equal(scale, other.quant_weight().scale)
        mine, theirs = (torch.round(w / scale) for w in (mine, theirs))
        reach, before = bound.largest(mine), bound.largest(theirs)
        assert torch.all(reach <= bound.limit)
        rows, whole = (w.transpose(0, bound.axis) for w in (mine, theirs))
        fits = before <= bound.limit
        assert torch.equal(rows[fits], whole[fits])
        assert torch.all(reach[~fits] > 0) and torch.all(rows.abs() <= whole.abs())
        used += (reach[~fits] / bound.limit).tolist()
    assert len(used) > 3 and np.mean(used) > 0.7  # no smaller than need be


def test_weights_learn_through_the_bound():
    generator = with_large_weights(VARIANTS["deconv"])
    generator(torch.randn(4, 16, 1, 1)).square().sum().backward()
    for conv in convolutions(generator):
        assert conv.weight.grad.isfinite().all() and conv.weight.grad.abs().max() > 0


def test_the_bound_adds_no_tensors_and_no_float_twin_has_it(tmp_path):
    plain, bounded = (Generator(config_of(f).generator) for f in (FREE, VARIANTS["deconv"]))
    assert plain.state_dict().keys() == bounded.state_dict().keys()
    assert [c.weight_quant.is_quant_enabled for c in convolutions(bounded.float_twin())] == [False] * 3
    save_run(tmp_path, bounded.eval(), config_of(VARIANTS["per layer"]), made_up.metrics())
    assert load_run(tmp_path)[1].generator.layer_accumulator_bits == (13, 9, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[12, 12, 5, 12]", r"accumulator_bits=5: layer 2, with inputs from 0 to 15, needs 6 to 24"),
        ("8", r"accumulator_bits=8: layer 0, with inputs from -128 to 127, needs 9 to 24"),
        ("25", "needs 9 to 24"),
        ("[12, 12]", "accumulator_bits: 2 values for 4 layers"),
        ("wide", "accumulator_bits='wide': must be a whole number"),
    ],
)
def test_bits_that_cannot_be_are_one_line(text, message, tmp_path):
    (tmp_path / "c.yaml").write_text(f"generator: {{accumulator_bits: {text}}}\n")
    with pytest.raises(ValueError, match=message) as error:
        TrainConfig.from_yaml(tmp_path / "c.yaml")
    assert "\n" not in str(error.value)


def test_the_narrowest_that_is_allowed_holds_one_product():
    narrow = GeneratorConfig(accumulator_bits=(9, 6, 6, 6))
    assert narrow.layer_accumulator_bits == (9, 6, 6, 6)
    for layer in range(4):
        low, high = narrow.input_range(layer)
        bound = Accumulator(narrow.layer_accumulator_bits[layer], low, high, 1, 1)
        assert max(-low, high) <= bound.limit <= 2 * max(-low, high)
