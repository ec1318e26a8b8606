# SPDX-License-Identifier: Apache-2.0
"""Resource estimates of our modules, as functions of their folding.

The constants are fitted to what Yosys 0.70 (synth_xilinx) makes of the modules, from 2 to 8 bits, for both
families and all cores; `fpgan synth` counts the real netlist beside them, `fpgan bench` shows the fit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from fpgan.build.dataflow.cascade import Packing, packing
from fpgan.build.dataflow.lut_core import core_lut
from fpgan.build.dataflow.memory_costs import (
    RAM_DEPTH,
    Cost,
    block_ram_cost,
    buffer_style,
    loaded_cost,
    memory_cost,
    tiles_cost,
)

_A_WIDTH = {"DSP48E1": 25, "DSP48E2": 27}
# Of a deconv with one of these cores: per bit of its words in 32 words of LUT RAM, of neighbours that change
# places, of waiting results, and besides.
_MVU = (1.25, 1.45, 2.0, 65)  # FINN's has delays in it
_SHARED = {"lut": (0.46, 1.45, 1.25, 160), "cascade": (0.6, 1.5, 0.6, 180), "dsp": _MVU, "dsp2x": _MVU}
QUEUE_WORDS = 32  # results that wait behind a deconv: what a LUT RAM has
_THRESHOLD_COMPARE, _THRESHOLD_STAGE = 0.74, 6.6  # LUTs per accumulator bit, and besides
_THRESHOLD_SHARED = 0.69  # of a threshold memory's LUTs: its upper bits are much alike
_SELECT_CONTROL, _SELECT_PER_BIT = 210, 0.65  # LUTs of picked pixels, per bit in 32 words of LUT RAM
_WAITING = 3  # first place of a chain whose loaded weights wait in shift register sites
_LOOKUP_DEEP = 1024  # deepest table kept in LUTs
_THRESHOLD_DEEP = 768  # words from which it becomes block RAM
_GEARBOX_WAIT, _GEARBOX_CONTROL = 0.8, 18  # LUTs per bit that may wait, and besides
_GEARBOX_TURN = 1.8  # per bit of a word and doubling of its places,
_GEARBOX_SHARED = 0.9  # less what its bits share


@dataclass(frozen=True)
class DeconvShape:
    """What the cost of a deconv depends on; widths in bits, memories in words."""

    pe: int
    simd: int
    taps: int  # in parallel
    weight_bits: int
    act_bits: int
    acc_bits: int
    weight_words: int
    buffer_words: int  # per bank, one bank for each tap in parallel
    narrow: bool
    core: str
    weight_memory: str
    at_once: int = 1  # groups of channels, each with a core of its own
    signed: bool = False  # activations
    loaded: bool = False  # weights that are written before the first image
    beat_bits: int = 0  # not 0: weights that are streamed, in beats of so many bits
    side_pe: int = 0  # of pe, with a core and a memory of their own: see deconv.sv
    side_core: str = ""
    side_memory: str = ""
    own_taps: tuple[int, ...] = ()  # of `taps`, how many the first and those at the side multiply

    @property
    def parts(self) -> tuple[DeconvShape, ...]:
        """Its channels by core: all of them, or the first and those at the side."""
        if not self.side_pe:
            return (self,)
        main_taps, side_taps = self.own_taps or (self.taps, self.taps)
        alone = replace(self, side_pe=0, own_taps=())
        side = replace(
            alone, pe=self.side_pe, taps=side_taps, core=self.side_core, weight_memory=self.side_memory
        )
        return replace(alone, pe=self.pe - self.side_pe, taps=main_taps), side

    @property
    def wide(self) -> int:
        """Products per output channel and cycle."""
        return self.simd * self.taps // self.at_once

    @property
    def lanes(self) -> int:
        """Products per cycle."""
        return sum(part.pe * part.wide for part in self.parts)

    def packing(self, dsp_block: str) -> Packing | None:
        """Of core cascade; None where its slices have no room."""
        return packing(
            self.at_once, self.pe // self.at_once, self.wide, self.weight_bits, self.act_bits, self.signed,
            self.narrow, self.acc_bits, dsp_block,
        )  # fmt: skip


def dsp_lanes(weight_bits: int, act_bits: int, narrow: bool, dsp_block: str) -> int:
    """Products that one DSP slice of FINN's mvu computes per cycle (its NUM_LANES)."""
    a_width = _A_WIDTH.get(dsp_block, 27)
    return 1 + (a_width - (not narrow) - weight_bits) // (weight_bits + act_bits - 1)


def lut_per_dsp_lane(weight_bits: int, act_bits: int) -> float:
    """LUTs of FINN's mvu per lane: what separates the products of a slice, and the adder tree."""
    return 8 + 0.83 * (weight_bits + act_bits)


def deconv_cost(shape: DeconvShape, dsp_block: str) -> Cost:
    """Cost of one deconv: its channels, line buffer and control."""
    parts = shape.parts
    channels = sum((channels_cost(part, dsp_block) for part in parts), Cost(0))
    return channels + shared_cost(shape, [part.core for part in parts])


def channels_cost(shape: DeconvShape, dsp_block: str) -> Cost:
    """Of channels that have one core: core, weight memory, result queue."""
    wide, lanes, slices = shape.wide, shape.lanes, 0
    words = [lanes * shape.weight_bits]  # bits of those that are read at a time, each in a memory of its own
    if shape.core == "cascade":
        chains = shape.packing(dsp_block)
        assert chains is not None  # others are no option
        core, slices = chains.lut, chains.slices
        if (
            shape.loaded or shape.beat_bits
        ):  # of one memory: the weights of later places wait in shift register sites
            core += shape.pe * sum(chains.places[_WAITING:]) * shape.weight_bits
        else:
            words = [shape.pe * count * shape.weight_bits for count in chains.places]
    elif shape.core == "lut":
        core = shape.at_once * core_lut(
            shape.pe // shape.at_once, wide, shape.weight_bits, shape.act_bits, shape.acc_bits, shape.signed,
            shape.weight_memory == "constant",
        )  # fmt: skip
    else:
        fast = 2 if shape.core == "dsp2x" else 1
        per_slice = dsp_lanes(shape.weight_bits, shape.act_bits, shape.narrow, dsp_block)
        slices = shape.at_once * math.ceil(wide / fast) * math.ceil(shape.pe / shape.at_once / per_slice)
        core = lut_per_dsp_lane(shape.weight_bits, shape.act_bits) * lanes / fast
        core += lanes * shape.weight_bits / 2 if fast == 2 else 0  # which half of the weights
    memories = [_weights_cost(shape, bits) for bits in words]
    weights = sum(memories, Cost(0))
    return weights + Cost(round(core + _SHARED[shape.core][2] * shape.pe * shape.acc_bits), slices)


def _weights_cost(shape: DeconvShape, bits: int) -> Cost:
    """Of a memory of weights with words of so many bits."""
    if shape.beat_bits:
        return tiles_cost(bits, shape.weight_words, shape.beat_bits, shape.weight_memory)
    memory = loaded_cost if shape.loaded else memory_cost
    return memory(bits, shape.weight_words, shape.weight_memory)


def shared_cost(shape: DeconvShape, cores: Sequence[str]) -> Cost:
    """Of a deconv with these cores what all its channels share: line buffer, operands, control."""
    buffer = Cost(0)
    if buffer_style(shape.buffer_words) == "block":
        buffer = memory_cost(shape.simd * shape.act_bits, shape.buffer_words, "block")
    waits, turns = math.ceil(min(shape.buffer_words, RAM_DEPTH) / 32), shape.taps > 1
    found = [
        (queue * waits + turn * turns, control)
        for queue, turn, _, control in (_SHARED[core] for core in cores)
    ]
    per_bit, control = (max(values) for values in zip(*found, strict=True))
    operand = round(per_bit * shape.simd * shape.taps * shape.act_bits + control)
    return Cost(operand + buffer.lut * shape.taps, bram18=buffer.bram18 * shape.taps)


@cache
def threshold_cost(pe: int, channels: int, acc_bits: int, out_bits: int) -> Cost:
    """FINN's binary-search thresholding: per PE one comparator and one memory per output bit."""
    lut, bram = 0.0, 0
    for stage in range(out_bits):
        words = channels // pe * 2**stage
        lut += _THRESHOLD_COMPARE * acc_bits + _THRESHOLD_STAGE
        if words > _THRESHOLD_DEEP:
            memory = block_ram_cost(acc_bits, words)
            lut, bram = lut + memory.lut, bram + memory.bram18
        elif words > 1:
            share = 0.4 if words <= 16 else 0.6 if words <= 32 else math.ceil(words / 64)
            lut += _THRESHOLD_SHARED * acc_bits * share
    return Cost(round(pe * lut), bram18=pe * bram)


def width_convert_cost(taken: int, given: int, bits: int) -> Cost:
    """From `taken` to `given` elements of so many bits per word.

    Narrowing multiplexes each bit of the wider word; widening only enables registers. Where the ratio is no
    whole number each word is turned, and each bit that may wait chooses between it and a neighbour.
    """
    if taken == given:
        return Cost(0)
    if taken % given == 0 or given % taken == 0:
        return Cost(20 + max(0, taken - given) * bits)
    waiting = (taken + given + min(taken, given)) * bits
    turns = math.log2(taken // math.gcd(taken, given))
    turned = (_GEARBOX_TURN * turns - _GEARBOX_SHARED) * taken * bits
    return Cost(round(_GEARBOX_WAIT * waiting + turned) + _GEARBOX_CONTROL)


def fifo_cost(bits: int, depth: int) -> Cost:
    """LUT RAM where shallow, block RAM in the shape that takes fewest where deep."""
    if buffer_style(depth) == "distributed":
        return Cost(math.ceil(math.ceil(depth / 32) * 0.6 * bits) + 10)
    return block_ram_cost(bits, depth) + Cost(2 * math.ceil(math.log2(depth)) + 16)


def fork_cost(outputs: int) -> Cost:
    """Per output a flag and two gates; the data are wires."""
    return Cost(2 * outputs)


def max_cost(pe: int, bits: int) -> Cost:
    """Of so many elements: half a LUT for a comparison and one for a choice per bit, and a window's count."""
    return Cost(3 * pe * bits // 2 + 3)


def add_cost(pe: int, bits: int, factors: Sequence[int], turned: int = 0) -> Cost:
    """Of inputs of so many bits: a row of adder bits per bit that is set in a factor, but for the first.

    turned: bits of sums of which some are negated.
    """
    rows = sum(factor.bit_count() for factor in factors) - 1
    return Cost(pe * (bits * rows + turned) + 3)


def concat_cost(inputs: int, bits: int) -> Cost:
    """A multiplexer of `inputs` words, four to a LUT, and counters."""
    return Cost(bits * math.ceil((inputs - 1) / 3) + 4 + 4 * math.ceil(math.log2(inputs)))


def select_cost(bits: int, buffer_words: int) -> Cost:
    """Rows held in words of so many bits, a queue, the walk."""
    cost = Cost(round(_SELECT_CONTROL + _SELECT_PER_BIT * bits))
    if buffer_style(buffer_words) == "block":
        return cost + block_ram_cost(bits, buffer_words)
    return cost + Cost(math.ceil(math.ceil(buffer_words / 32) * _SELECT_PER_BIT * bits))


def lookup_style(words: int) -> str:
    """rom_style of a table of so many words."""
    return "distributed" if words <= _LOOKUP_DEEP else "block"


def lookup_cost(pe: int, words: int, bits: int) -> Cost:
    """Per element a table, and the handshake."""
    if lookup_style(words) == "distributed":
        return Cost(pe * memory_cost(bits, words, "distributed").lut + 4)
    return Cost(8, bram18=pe * math.ceil(bits / 18) * math.ceil(words / 1024))
