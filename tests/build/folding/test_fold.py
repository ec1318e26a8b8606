# SPDX-License-Identifier: Apache-2.0
"""The folding optimizer against brute force, padding of channels, and FIFO depths that hold the rate."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.pad_channels import pad_channels
from fpgan.build.dataflow.resources import total
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.channels import paddings
from fpgan.build.folding.fold import Folding, InfeasibleError, fold
from fpgan.build.folding.fold_and_size import fold_and_size
from fpgan.build.folding.like import fold_like
from fpgan.build.folding.limits import MOST, Budget, clocked, left_out
from fpgan.build.folding.option import SIDE
from fpgan.build.folding.options import LayerOptions
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.folding.size_fifos import SMALLEST, one_word_less, period, size_fifos
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.report.summary import summarize
from fpgan.hw.boards import get_board
from fpgan.hw.build_files import VERSION

PART = get_board("ultra96").part
AMPLE = Budget(50_000, 200, 100)


@pytest.fixture
def unfolded(export_preset):
    path = export_preset("tiny")
    return lambda style="subpixel": lower(integer_graph(load_model(path)), style)


@pytest.fixture(scope="module")
def integers(export_preset):
    return integer_graph(load_model(export_preset("tiny")))


def deconvs(model):
    return [getCustomOp(n) for n in model.graph.node if n.op_type == "Deconv_rtl"]


def combinations(layers, target):
    """Every choice of one option per layer whose channel counts agree; with its total cost."""
    allowed = [
        [
            (o, o.cost + cost)
            for o in layer.options
            if o.cycles <= target
            for _, cost in layer._streams(o, target)
        ]
        for layer in layers
    ]
    for combination in itertools.product(*allowed):
        if all(a.co == b.ci for (a, _), (b, _) in itertools.pairwise(combination)):
            yield combination, sum((cost for _, cost in combination[1:]), combination[0][1])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_fastest_and_cheapest_are_brute_forces(integers, data):
    """A handful of options per layer, drawn at random, under a random budget."""
    budget = Budget(
        data.draw(st.integers(600, 6000)), data.draw(st.integers(0, 60)), data.draw(st.integers(0, 60))
    )
    folding = Folding(lower(integers), PART, budget, ("lut", "dsp"))
    for layer in folding.layers:
        layer.options = data.draw(
            st.lists(st.sampled_from(layer.options), min_size=1, max_size=7, unique=True)
        )
        layer.floor = min(option.cycles for option in layer.options)
    folding.floor = max(layer.floor for layer in folding.layers)
    targets = sorted(
        {o.cycles for layer in folding.layers for o in layer.options if o.cycles >= folding.floor}
    )
    folding.targets = targets
    fits = [
        target
        for target in targets
        if any(fits_in(cost, budget) for _, cost in combinations(folding.layers, target))
    ]
    assert folding.fastest() == (fits[0] if fits else None)
    for target in fits[:1] + fits[-1:]:
        choice = [replace(option, pace=0) for option in folding.solve(target)]
        price = {name: 10_000_000 // max(amount, 1) for name, amount in vars(budget).items()}
        shares = {
            tuple(o for o, _ in combination): {n: getattr(cost, n) * price[n] for n in price}
            for combination, cost in combinations(folding.layers, target)
            if fits_in(cost, budget)
        }
        least = min(max(share.values()) for share in shares.values())
        prices = {
            options: sum(share.values()) + 5 * price["lut"] * sum(o.lanes for o in options)
            for options, share in shares.items()
            if max(share.values()) <= round(least * 1.03) + 100_000
        }
        cheapest = min(
            price for options, price in prices.items() if max(shares[options].values()) <= least + 100_000
        )
        soonest = min(
            first_image(folding.layers, o) for o, price in prices.items() if price <= 1.03 * cheapest
        )
        assert prices[tuple(choice)] <= 1.03 * cheapest
        assert first_image(folding.layers, choice) <= soonest


def first_image(layers, options):
    """About when the first image has left every layer: each begins when it has what it waits for."""
    begun = ended = 0
    for layer, option in zip(layers, options, strict=True):
        ended = max(ended, begun + option.cycles)
        begun += round(100 * layer.awaited) / 100 * option.cycles
    return ended


def test_the_first_image_leaves_sooner_for_little_more(unfolded, monkeypatch):
    """Layers in front that take fewer cycles than the slowest; no design takes more than said for it."""
    found = []
    for more in (0.0, 0.03, 0.2):
        monkeypatch.setattr("fpgan.build.folding.fold._SOONER", more)
        model, depths, _ = fold_and_size(unfolded(), PART, AMPLE, 1200, ("lut",))
        streams = insert_streams(model, depths)
        timing = schedule.Timing(streams).settled()
        assert timing.period <= 1200
        found.append((timing.latency, total(streams, PART).lut))
    (none, alone), (some, little), (most, much) = found
    assert most < none and some <= none
    assert little <= 1.05 * alone and much <= 1.25 * alone


def test_a_design_of_very_many_cycles():
    """A lane for a billion products: no bound in the program is less."""
    chain = Chain((1, 128, 64, 64)).quant(0.5)
    chain.op("ConvTranspose", chain.weights((128, 128, 4, 4)), strides=[2, 2], pads=[1] * 4).op("Relu")
    model = lower(integer_graph(chain.quant(1.0, signed=False).model()))
    folding = Folding(model, PART, Budget(800, 10, 3000), ("lut",))
    (option,) = folding.solve(folding.slowest)
    assert option.cycles > 10**8


def test_what_is_idle_takes_what_would_fill_the_rest(unfolded):
    """At the same cycles the fullest resource is as empty as it can be: block RAM in place of LUTs."""
    model, limits = unfolded(), Budget(20_000, 0, 100)
    folding = Folding(model, PART, limits, ("lut",))
    spent = Cost(0)
    for layer, option in zip(folding.layers, folding.solve(256), strict=True):
        spent += next(cost for other, cost in layer.within(option.pace) if other == option)
    least = folding.overshoot(300)
    assert (
        max(spent.lut / 20_000, spent.bram18 / 100)
        <= max(least["lut"] / 20_000, least["bram18"] / 100) * 1.03 + 0.01
    )
    assert spent.bram18 > 0


def fits_in(cost, budget):
    return cost.within(Cost(budget.lut, budget.dsp, budget.bram18))


def test_it_says_what_the_next_faster_design_lacks(unfolded):
    decision = fold(unfolded(), PART, Budget(2500, 20, 20))
    assert decision["binds"] in ("LUT", "DSP", "BRAM18")
    assert decision["next_cycles"] < decision["fastest_cycles"]
    assert f"{decision['next_cycles']} cycles would need" in decision["next_lacks"]
    assert fold(unfolded(), PART, Budget(10**6, 10**4, 10**4))["next_lacks"].endswith("at its widest")
    with pytest.raises(
        InfeasibleError, match=r"no folding fits LUT=100 .* would need LUT=.* weights are [\d,]+ bit"
    ):
        fold(unfolded(), PART, Budget(100, 0, 0))
    with pytest.raises(InfeasibleError, match=r"target of 1 cycles .* at its widest"):
        fold(unfolded(), PART, AMPLE, 1)


def test_width_converters_and_fifos_are_within_the_budget(unfolded):
    """Layers that fill the budget may exceed it when converters come between them."""
    exceeded = []
    for lut in range(1500, 4500, 600):
        limits = Budget(lut, 0, 20)
        alone = unfolded()
        fold(alone, PART, limits, cores=("lut",))
        exceeded.append(not fits_in(total(insert_streams(alone), PART), limits))
        model, depths, decision = fold_and_size(unfolded(), PART, limits, None, ("lut",))
        assert fits_in(total(insert_streams(model, depths), PART), limits)
        assert f"{decision['next_cycles']} cycles would need LUT=" in decision["next_lacks"]
    assert any(exceeded)


def test_a_slower_target_takes_fewer_lanes(unfolded):
    lanes = []
    for target in (300, 1000, 4000):
        model = unfolded()
        fold(model, PART, AMPLE, target)
        assert all(op.get_exp_cycles() <= target for op in deconvs(model))
        lanes.append(sum(op.lanes for op in deconvs(model)))
    assert lanes[2] < lanes[1] < lanes[0]


def test_options_know_the_cycles_and_costs_of_their_nodes(unfolded):
    model = unfolded()
    cores = "lut", "dsp", "cascade"
    layers = [LayerOptions(model, n, PART, cores) for n in model.graph.node if n.op_type == "Deconv_rtl"]
    rng = np.random.default_rng(0)
    for layer in layers:
        shared = [option for option, _ in layer.within(800) if option.side][:10]
        for option in [*rng.choice(np.array(layer.options, dtype=object), 25, replace=False), *shared]:
            op = getCustomOp(layer.node)
            for name, value in zip(SIDE, option.side or (0, "lut", "block"), strict=True):
                op.set_nodeattr(name, value)
            for name, value in (("PE", option.pe), ("SIMD", option.simd), ("taps", list(option.taps)),
                                ("core", option.core), ("weight_memory", option.memory),
                                ("CI", option.ci), ("CO", option.co)):  # fmt: skip
                op.set_nodeattr(name, value)
            assert op.get_exp_cycles() == option.cycles
            assert (
                op.lut_estimation(PART),
                op.dsp_estimation(PART),
                op.bram_estimation(PART),
                op.uram_estimation(PART),
            ) == option.cost.amounts[:4]


def test_paddings_divide_better():
    assert paddings(1) == [1]
    assert paddings(3) == [3, 4]
    assert 144 in paddings(138) and 140 in paddings(138)
    assert all(64 <= c <= 68 for c in paddings(64))


def one_layer(channels, bits=8, **attributes):
    """A graph of one layer to one channel, unfolded."""
    chain = Chain((1, channels, 1, 1))
    chain.quant(0.5, bits)
    chain.op("ConvTranspose", chain.weights((channels, 1, 2, 2), bits=2), **attributes)
    chain.quant(0.5, 4)
    return lower(integer_graph(chain.model()))


@pytest.mark.parametrize("channels", [1023, 1025])
def test_no_pixel_is_padded_beyond_what_a_stream_word_holds(channels):
    """A padded pixel enters as one word, of 8,191 bits at most; one with more channels enters in parts."""
    model = one_layer(channels)
    layer = LayerOptions(model, model.graph.node[0], PART, ("lut",))
    assert {o.ci for o in layer.options} == {channels}
    fold(model, PART, AMPLE, 20_000)
    insert_streams(model)


def test_a_layer_of_one_product_per_cycle_has_nothing_to_pump():
    """With dsp2x alone to choose from it takes the same core at one clock."""
    model = one_layer(1, strides=[2, 2])
    layer = LayerOptions(model, model.graph.node[0], PART, ("dsp2x",))
    assert layer.options and {o.core for o in layer.options} == {"dsp"}


@pytest.mark.parametrize(("board", "block"), [("ultra96", "DSP48E2"), ("pynq-z2", "DSP48E1")])
def test_cascades_are_packed_for_the_part_and_save_luts(unfolded, board, block):
    part, taken = get_board(board).part, list[Cost]()
    for cores in (("lut",), ("lut", "cascade")):
        model = unfolded()
        fold(model, part, Budget(6_000, 200, 100), 700, cores)
        taken.append(total(model, part))
    assert taken[1].lut < taken[0].lut and taken[1].dsp > taken[0].dsp == 0
    packings = [packing for op in deconvs(model) for packing in op.packings if packing]
    assert sum(packing.slices for packing in packings) == taken[1].dsp
    assert {op.get_nodeattr("dsp_block") for op in deconvs(model) if any(op.packings)} == {block}


def test_channels_shared_between_cores_fill_a_chip_evenly(unfolded, tmp_path):
    """At the same cycles the largest share is less than with one core a layer; later builds take it over."""
    model, budget = unfolded(), Budget(6_000, 30, 40)
    folding = Folding(model, PART, budget, ("lut", "cascade"))
    shared = folding.solve(256)
    for layer in folding.layers:
        layer._sharing_cores = []
    whole = folding.solve(256)
    assert any(option.side for option in shared) and not any(option.side for option in whole)
    assert largest(folding, shared, 256, budget) < largest(folding, whole, 256, budget)
    folding.apply(shared, 256)
    insert_streams(model)
    report = {**summarize(model, get_board("ultra96"), 100.0, 0.8), "version": VERSION}
    (tmp_path / "report.json").write_text(json.dumps(report))
    again = unfolded()
    fold_like(again, tmp_path)
    assert [op.shape() for op in deconvs(again)] == [op.shape() for op in deconvs(model)]


def largest(folding, choice, target, budget):
    """Share of what a choice takes most of."""
    amounts = np.zeros(5)
    for layer, option in zip(folding.layers, choice, strict=True):
        steps = dict(layer._streams(option, target))[option.requantizer]
        amounts += (option.cost + steps).amounts
    return max(amounts[:3] / [budget.lut, budget.dsp, budget.bram18])


def test_clocks_are_those_that_the_cores_hold():
    """dsp2x at 300 MHz would need 600: it is left out there, or the clock is its own."""
    every = ("lut", "dsp", "dsp2x")
    assert clocked(300, every, fixed=False) == [(300, ("lut", "dsp")), (200, every)]
    assert clocked(300, every, fixed=True) == [(300, ("lut", "dsp"))]
    assert clocked(125, every, fixed=False) == [(125, every)]
    assert clocked(300, ("dsp2x",), fixed=False) == [(200, ("dsp2x",))]
    with pytest.raises(ValueError, match="cores=dsp2x: hold 200 MHz at most, and clock_mhz=300"):
        clocked(300, ("dsp2x",), fixed=True)
    assert left_out(300, every) == ["dsp2x holds 200 MHz at most: left out at 300 MHz"]
    assert left_out(200, every) == []


def test_padded_channels_change_no_pixel(unfolded):
    latent = np.random.default_rng(0).integers(-128, 128, (16, 1, 1))
    model = unfolded()
    expected = run_dataflow(model, latent)
    nodes = [n for n in model.graph.node if n.op_type == "Deconv_rtl"]
    counts = [17, 18, 9, 4]
    pad_channels(
        model,
        {n.input[0]: counts[i] for i, n in enumerate(nodes)}
        | {n.output[0]: counts[i + 1] for i, n in enumerate(nodes)},
    )
    assert [op.get_nodeattr("CO") for op in deconvs(model)] == counts[1:]
    assert [n.op_type for n in model.graph.node].count("Channels_rtl") == 2
    assert np.array_equal(run_dataflow(model, latent), expected)


@pytest.mark.parametrize("style", ["subpixel", "zero_insert"])
@pytest.mark.parametrize("target", [700, 3500])
def test_fifos_hold_the_rate_of_the_slowest_layer(unfolded, style, target):
    folded = unfolded(style)
    fold(folded, PART, AMPLE, target)
    slowest = max(getCustomOp(n).get_exp_cycles() for n in folded.graph.node)
    model = insert_streams(folded, size_fifos(folded))
    assert schedule.run(model, images=6).period == slowest


def test_fifos_are_as_small_as_the_rate_allows(export_preset):
    """This fold comes in bursts: one FIFO must be deeper than the smallest; a word less makes it slower."""
    model = lower(integer_graph(load_model(export_preset("mnist32"))))
    fold(model, PART, Budget(32_792, 324, 96))
    depths = size_fifos(model)
    slack = one_word_less(model, depths)
    assert max(depths.values()) > SMALLEST
    best = period(model, depths)
    smallest = dict.fromkeys(depths, SMALLEST)
    assert size_fifos(model, enough=period(model, smallest)) == smallest
    assert best == max(getCustomOp(n).get_exp_cycles() for n in model.graph.node)
    for name, depth in depths.items():
        assert slack[name] is None if depth == SMALLEST else slack[name] > best


def test_stream_widths_agree(unfolded):
    folded = unfolded("zero_insert")
    fold(folded, PART, AMPLE)
    model = insert_streams(folded)
    for before, after in itertools.pairwise(model.graph.node):
        assert getCustomOp(before).get_outstream_width() == getCustomOp(after).get_instream_width()
        assert after.input[0] == before.output[0]


def test_amounts_that_no_design_comes_near(unfolded):
    """What a design takes is counted even where it is thousands of times what there is."""
    for budget in (Budget(1, 0, 0), Budget(0, 0, 0)):
        with pytest.raises(InfeasibleError, match=r"no folding fits LUT=\d .* would need LUT=\d{3,}"):
            fold(unfolded(), PART, budget)
    assert fold(unfolded(), PART, Budget(MOST, MOST, MOST))["next_lacks"].endswith("at its widest")
