# SPDX-License-Identifier: Apache-2.0
"""How weights are packed into the DSP slices of hw/rtl/engine/mvu_cascade.sv, by exact ranges; what it takes.

A slice multiplies an activation by the weights of several output channels, which lie `pitch` bits apart. Each
field of a chain's sum holds what is added there: the sum of a whole output, whose range is known from the weights
(`acc_bits`), and the slices accumulate it; or what the slices of one chain have in one step, known from the
widths, and LUTs accumulate it. The second takes narrower fields, thus more channels per slice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_PREADDER = {"DSP48E1": 25, "DSP48E2": 27}  # bits
LONGEST = 16  # slices of a chain: most places of a shift register site, and a latency that result queues hide
_WIDEST = 31  # bits of a field that mvu_cascade.sv takes
_SLICE_LUT = 150  # that a slice is worth: about what boards have for each
_ADDER, _CHAIN_LUT = 1.0, 0.0  # LUTs per bit


@dataclass(frozen=True)
class Packing:
    """Output channels of a slice, slices of a chain, bits from one packed weight to the next.

    in_slices: these accumulate, not LUTs. cores, pe, simd, act_bits and acc_bits are of what it was found for.
    """

    lanes: int
    chain: int
    pitch: int
    in_slices: bool
    cores: int
    pe: int  # of a core
    simd: int
    act_bits: int
    acc_bits: int
    own_slice: bool  # of each chain, that accumulates

    @property
    def chains(self) -> int:
        """Of the channels that share slices."""
        return -(-self.simd // self.chain)

    @property
    def slices(self) -> int:
        shared = -(-self.pe // self.lanes)
        return self.cores * shared * (self.simd + (self.chains if self.own_slice else 0))

    @property
    def latency(self) -> int:
        """Cycles from the last step of a group to its sum."""
        return self.chain + 3 + math.ceil(math.log2(self.chains)) + (self.own_slice or not self.in_slices)

    @property
    def lut(self) -> float:
        """Of the core: delays of activations, adders of the chains' ends, accumulators."""
        delayed = sum(self.chains for place in range(1, self.chain) if place >= _DELAYED) * self.act_bits
        adders = (self.chains - 1) * self.pitch + (0 if self.in_slices else self.acc_bits)
        turned = self.in_slices and self.chains == 1
        return self.cores * (delayed + self.pe * (adders + turned))


_DELAYED = 4  # first place whose activations wait in a shift register site


@cache
def packing(
    cores: int, pe: int, simd: int, weight_bits: int, act_bits: int, signed: bool, narrow: bool,
    acc_bits: int, dsp_block: str,
) -> Packing | None:  # fmt: skip
    """The one that takes least, slices and LUTs together; None where weights and sums fit no slice.

    pe, simd: output channels of a core, products of each; signed: activations are; narrow: no weight is the
    least of its bits.
    """
    most = _PREADDER[dsp_block] - (not narrow) - weight_bits  # bits from the lowest to the highest field

    def made(lanes: int, longest: int, pitch: int, in_slices: bool) -> Packing:
        chain = -(-simd // -(-simd // longest))
        own = in_slices and dsp_block == "DSP48E1"
        return Packing(lanes, chain, pitch, in_slices, cores, pe, simd, act_bits, acc_bits, own)

    def possible() -> Iterator[Packing]:
        for lanes in range(1, pe + 1):
            room = most // (lanes - 1) if lanes > 1 else _WIDEST
            if acc_bits <= min(room, _WIDEST):
                yield made(lanes, LONGEST, acc_bits, True)
            longest = _products(min(room, acc_bits - 1), weight_bits, act_bits, signed, narrow)
            if longest:
                chain = min(longest, LONGEST)
                found = made(lanes, chain, 0, False)
                yield made(lanes, chain, _bits(found.chain, weight_bits, act_bits, signed, narrow), False)
            if room < weight_bits + act_bits - 1:
                return

    return min(possible(), key=lambda found: found.slices * _SLICE_LUT + found.lut, default=None)


def _range(weight_bits: int, act_bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Least and largest product."""
    weights = narrow - 2 ** (weight_bits - 1), 2 ** (weight_bits - 1) - 1
    acts = (-(2 ** (act_bits - 1)), 2 ** (act_bits - 1) - 1) if signed else (0, 2**act_bits - 1)
    products = [w * a for w in weights for a in acts]
    return min(0, *products), max(0, *products)


def _products(bits: int, *widths: int) -> int:
    """How many a field of so many bits holds."""
    low, high = _range(*widths)
    fits = [2 ** (bits - 1) // -low] if low else []
    fits += [(2 ** (bits - 1) - 1) // high] if high else []
    return min(fits, default=0) if bits > 0 else 0


def _bits(products: int, *widths: int) -> int:
    """Of a field that holds so many."""
    low, high = (products * end for end in _range(*widths))
    return max(weight_field(low), weight_field(high))


def weight_field(value: int) -> int:
    """Bits of a signed number."""
    return (value if value >= 0 else ~value).bit_length() + 1
