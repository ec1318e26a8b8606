# SPDX-License-Identifier: Apache-2.0
"""Resource estimates of our modules, as functions of their folding.

The constants come from Yosys 0.70 (synth_xilinx) on the modules themselves; `fpgan synth` counts the real
netlist beside them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_A_WIDTH = {"DSP48E1": 25, "DSP48E2": 27}
_LUT_PER_DSP_LANE = 16.0  # cross-lane correction and adder tree of FINN's mvu: 15.9 at 16x32, W4A4
_BRAM_WIDTH, _BRAM_DEPTH = 36, 512  # widest shape of a RAMB18
_ROM_DEPTH = 64  # deepest memory kept in LUTs


@dataclass(frozen=True)
class DeconvShape:
    """What the cost of a deconv depends on; widths in bits, memories in words."""

    pe: int
    simd: int
    weight_bits: int
    act_bits: int
    acc_bits: int
    weight_words: int
    buffer_words: int
    narrow: bool
    core: str


@dataclass(frozen=True)
class Cost:
    """LUT, DSP slices and half block RAMs."""

    lut: int
    dsp: int = 0
    bram18: int = 0


def dsp_lanes(weight_bits: int, act_bits: int, narrow: bool, dsp_block: str) -> int:
    """Products that one DSP slice of FINN's mvu computes per cycle (its NUM_LANES)."""
    a_width = _A_WIDTH.get(dsp_block, 27)
    return 1 + (a_width - (not narrow) - weight_bits) // (weight_bits + act_bits - 1)


def lut_per_lane(weight_bits: int, act_bits: int) -> float:
    """LUTs of mvu_lut per lane: a row of adder bits per base-4 digit of a weight, a share of the tree."""
    return math.ceil(weight_bits / 2) * (act_bits + 3) + 0.25 * (weight_bits + act_bits) + 2


def memory_style(depth: int) -> str:
    """ram_style of a memory with one read port: LUTs where shallow, block RAM where deep."""
    return "distributed" if depth <= _ROM_DEPTH else "block"


def memory_cost(width: int, depth: int) -> Cost:
    """A memory with one read port, in its style."""
    if memory_style(depth) == "distributed":
        return Cost(lut=width * math.ceil(depth / 64))
    return Cost(lut=0, bram18=math.ceil(width / _BRAM_WIDTH) * math.ceil(depth / _BRAM_DEPTH))


def deconv_cost(shape: DeconvShape, dsp_block: str) -> Cost:
    """Cost of one deconv: compute core, weight memory, line buffer, result queue and control."""
    lanes = shape.pe * shape.simd
    if shape.core == "dsp":
        slices = shape.simd * math.ceil(
            shape.pe / dsp_lanes(shape.weight_bits, shape.act_bits, shape.narrow, dsp_block)
        )
        core = _LUT_PER_DSP_LANE * lanes
    else:
        slices = 0
        core = lut_per_lane(shape.weight_bits, shape.act_bits) * lanes
    weights = memory_cost(lanes * shape.weight_bits, shape.weight_words)
    buffer = memory_cost(shape.simd * shape.act_bits, shape.buffer_words)
    queue = 2 * shape.pe * shape.acc_bits
    control = 250
    return Cost(
        round(core) + weights.lut + buffer.lut + queue + control, slices, weights.bram18 + buffer.bram18
    )


def threshold_cost(pe: int, channels: int, acc_bits: int, out_bits: int) -> Cost:
    """FINN's binary-search thresholding: per PE one comparator and one memory per output bit."""
    lut = bram = 0
    for stage in range(out_bits):
        memory = memory_cost(acc_bits, channels // pe * 2**stage)
        lut += memory.lut + 2 * acc_bits
        bram += memory.bram18
    return Cost(pe * lut + 60, bram18=pe * bram)


def width_convert_cost(in_bits: int, out_bits: int) -> Cost:
    """Narrowing multiplexes each bit of the wider word; widening only enables registers."""
    return Cost(0 if in_bits == out_bits else 20 + max(0, in_bits - out_bits))
