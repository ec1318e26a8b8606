# SPDX-License-Identifier: Apache-2.0
"""How weights are packed into the DSP slices of hw/rtl/engine/mvu_cascade.sv, by exact ranges; what it takes.

A slice multiplies an activation by the weights of several output channels, which lie `pitch` bits apart. Each
field of a chain's sum holds what is added there: the sum of a whole output, whose range is known from the
weights (`acc_bits`), and the slices accumulate it; or what the slices of one chain have in one step, known
from the widths, and LUTs accumulate it: so on a DSP48E1, and where narrower fields put more channels into a
slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

_Widths = tuple[int, int, bool, bool]  # of weights and activations; these signed, those narrow
_PREADDER = {"DSP48E1": 25, "DSP48E2": 27}  # bits
_LONGEST = 16  # slices of a chain: what a shift register site delays, and result queues hide
_BITS, _NARROWEST, _WIDEST = 48, 2, 31  # of a sum; of a field that mvu_cascade.sv takes
_SLICE_LUT = 150  # that a slice is worth: about what boards have for each
_QUEUED = 17  # cycles of a chain and of what adds its ends that 32 results hide, of a group in each cycle
_DELAYED = 4  # first place whose activations wait in shift register sites


@dataclass(frozen=True)
class Packing:
    """Output channels of a slice, slices of a chain, bits from one packed weight to the next.

    in_slices: these accumulate, not LUTs. cores, pe, simd, act_bits, acc_bits: of what it was found for.
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

    @property
    def chains(self) -> int:
        """Of the channels that share slices."""
        return -(-self.simd // self.chain)

    @property
    def places(self) -> tuple[int, ...]:
        """Products of each place of a chain, of all chains that share activations."""
        return self.simd - (self.chain - 1) * self.chains, *[self.chains] * (self.chain - 1)

    @property
    def slices(self) -> int:
        return self.cores * -(-self.pe // self.lanes) * self.simd

    @property
    def most_latency(self) -> int:
        """With any of these chains."""
        return self.chain + 4 + _levels(self.chains)

    @property
    def latency(self) -> int:
        """Cycles from the last step of a group to its sum."""
        return self.most_latency - self.in_slices

    @property
    def lut(self) -> float:
        """Of the core: delays of activations, adders of the chains' ends, accumulators."""
        delayed = sum(self.places[_DELAYED:]) * self.act_bits
        ends, width, adders = self.chains, self.pitch, 0
        while ends > 1:
            width = min(width + 1, self.acc_bits)
            adders, ends = adders + ends // 2 * width, -(-ends // 2)
        adders += 0 if self.in_slices else self.acc_bits
        return self.cores * (delayed + self.pe * adders)


@cache
def packing(
    cores: int, pe: int, simd: int, weight_bits: int, act_bits: int, signed: bool, narrow: bool,
    acc_bits: int, dsp_block: str,
) -> Packing | None:  # fmt: skip
    """The one that takes least, slices and LUTs together; None where weights and sums fit no slice.

    pe, simd: output channels of a core, products of each; signed: activations are; narrow: no weight is the
    least of its bits.
    """
    if dsp_block not in _PREADDER:
        return None
    most = _PREADDER[dsp_block] - (not narrow) - weight_bits  # bits from the lowest to the highest field

    def made(lanes: int, longest: int, pitch: int, in_slices: bool) -> Packing:
        chains = -(-simd // longest)
        while (chain := -(-simd // chains)) + _levels(chains) > _QUEUED:
            chains += 1
        return Packing(lanes, chain, pitch, in_slices, cores, pe, simd, act_bits, acc_bits)

    widths = weight_bits, act_bits, signed, narrow

    def possible() -> Iterator[Packing]:
        for lanes in range(1, pe + 1):
            room = min(most // (lanes - 1), _BITS // lanes) if lanes > 1 else _WIDEST
            if room < _NARROWEST:
                return
            if acc_bits <= room and dsp_block == "DSP48E2":
                yield made(lanes, _LONGEST, acc_bits, True)
            longest = _LONGEST if acc_bits <= room else _products(room, widths)
            if longest:
                found = made(lanes, min(longest, _LONGEST), _NARROWEST, False)
                needed = _bits(found.chain, widths)
                yield replace(found, pitch=max(_NARROWEST, min(needed, acc_bits)))

    return min(possible(), key=lambda found: found.slices * _SLICE_LUT + found.lut, default=None)


def _levels(terms: int) -> int:
    """Of a tree that adds so many."""
    return (terms - 1).bit_length()


def _range(weight_bits: int, act_bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Least and largest product."""
    weights = narrow - 2 ** (weight_bits - 1), 2 ** (weight_bits - 1) - 1
    acts = (-(2 ** (act_bits - 1)), 2 ** (act_bits - 1) - 1) if signed else (0, 2**act_bits - 1)
    products = [w * a for w in weights for a in acts]
    return min(0, *products), max(0, *products)


def _products(bits: int, widths: _Widths) -> int:
    """How many a field of so many bits holds."""
    low, high = _range(*widths)
    fits = [2 ** (bits - 1) // -low] if low else []
    fits += [(2 ** (bits - 1) - 1) // high] if high else []
    return min(fits, default=0) if bits > 0 else 0


def _bits(products: int, widths: _Widths) -> int:
    """Of a field that holds so many."""
    low, high = (products * end for end in _range(*widths))
    return max((-low - 1).bit_length() if low else 0, high.bit_length()) + 1
