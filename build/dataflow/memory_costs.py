# SPDX-License-Identifier: Apache-2.0
"""Resource estimates of memories, which modules are made of; fitted as those of costs.py are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

_BRAM_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))  # bits, words of a RAMB18
RAM_DEPTH = 64  # deepest written memory kept in LUTs
_RAM32, _RAM64 = 0.63, 1.25  # LUTs per bit of 32, 64 words of LUT RAM with a port to write and one to read
_TILES, _PER_ADDRESS = 30, 3  # LUTs of weight_tiles, and per bit of an address
_BUFFER, _PER_COUNT = 24, 3  # of batch_buffer, and per bit of an address
_LOAD_STAGE = 5  # LUTs of a stage of the loading chain
_URAM_BITS, _URAM_WORDS = 72, 4096


@dataclass(frozen=True)
class Cost:
    """LUT, DSP slices, half block RAMs and UltraRAMs; bandwidth: bytes read of memory for an image."""

    lut: int
    dsp: int = 0
    bram18: int = 0
    uram: int = 0
    bandwidth: int = 0

    @property
    def amounts(self) -> tuple[int, ...]:
        return self.lut, self.dsp, self.bram18, self.uram, self.bandwidth

    def within(self, other: Cost) -> bool:
        """No resource takes more than `other` does."""
        return (
            self.lut <= other.lut
            and self.dsp <= other.dsp
            and self.bram18 <= other.bram18
            and self.uram <= other.uram
            and self.bandwidth <= other.bandwidth
        )

    def beyond(self, other: Cost) -> Cost:
        """Of each resource what it takes more than `other` does."""
        return Cost(*(max(0, a - b) for a, b in zip(self.amounts, other.amounts, strict=True)))

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.lut + other.lut,
            self.dsp + other.dsp,
            self.bram18 + other.bram18,
            self.uram + other.uram,
            self.bandwidth + other.bandwidth,
        )


def memory_cost(width: int, depth: int, style: str) -> Cost:
    """A memory with one read port in block RAM or as a function of its address in LUTs."""
    if style == "constant":
        return Cost(lut=0)
    if style == "distributed":
        parts = math.ceil(depth / 256)  # what a slice makes with its multiplexers
        return Cost(min(width, 2 ** min(depth, 32)) * (math.ceil(depth / 64) + math.ceil((parts - 1) / 3)))
    return block_ram_cost(width, depth)


@cache
def block_ram_cost(width: int, depth: int) -> Cost:
    """In the shape of a RAMB18 that takes fewest of them, and of these shapes the one that is deepest.

    Where a memory is deeper than the shape its parts lie side by side, whatever the width of one, and each
    bit chooses between them: four to a LUT6, four of those by the multiplexers of a slice.
    """
    brams, lut = min(
        (math.ceil(width * parts / bits), width * chosen_from(parts))
        for bits, parts in ((bits, math.ceil(depth / words)) for bits, words in _BRAM_SHAPES)
    )
    return Cost(lut, bram18=brams)


def chosen_from(parts: int) -> int:
    """LUTs of a multiplexer of one bit."""
    if parts == 1:
        return 0
    return math.ceil(parts / 4) + (chosen_from(math.ceil(parts / 16)) if parts > 16 else 0)


def loaded_cost(width: int, depth: int, style: str) -> Cost:
    """A memory that is written word by word, with its stage of the loading chain."""
    return written_cost(width, depth, style) + load_stage_cost(depth)


def load_stage_cost(depth: int) -> Cost:
    """Of load_words, for so many words: their count."""
    return Cost(_LOAD_STAGE + math.ceil(math.log2(depth + 1) / 2))


def written_cost(width: int, depth: int, style: str) -> Cost:
    """A memory with a port to write and one to read: weight_ram."""
    if style == "ultra" and width > _URAM_BITS and depth <= _URAM_WORDS // 2:  # two rows a word, one a port
        return Cost(math.ceil(math.log2(max(depth, 2))), uram=math.ceil(width / (2 * _URAM_BITS)))
    if style == "ultra":
        parts = math.ceil(depth / _URAM_WORDS)
        return Cost(width * chosen_from(parts), uram=math.ceil(width / _URAM_BITS) * parts)
    if style == "block":
        return block_ram_cost(width, depth)
    if depth == 1:
        return Cost(0)
    per_bit = _RAM32 if depth <= 32 else _RAM64 * math.ceil(depth / 64) + chosen_from(math.ceil(depth / 64))
    return Cost(math.ceil(width * per_bit))


def buffer_style(depth: int) -> str:
    """ram_style of a memory that is written: LUT RAM where shallow, block RAM where deep."""
    return "distributed" if depth <= RAM_DEPTH else "block"


def streamed_place(width: int, beat: int) -> int:
    """Bits that a word of weights takes of beats: whole beats, or a place of a power of two in one."""
    return -(-width // beat) * beat if width > beat else 1 << (width - 1).bit_length()


def bank_words(width: int, words: int, beat: int) -> int:
    """Words of a bank of weight_tiles: a tile's, up to whole beats."""
    ratio = max(1, beat // streamed_place(width, beat))
    return -(-words // ratio) * ratio


def tile_beats(width: int, words: int, beat: int) -> int:
    """Of a tile's weights."""
    return bank_words(width, words, beat) * streamed_place(width, beat) // beat


def tiles_cost(width: int, words: int, beat: int, style: str) -> Cost:
    """Of weight_tiles, its two banks included."""
    deep = 2 * bank_words(width, words, beat)
    turned = beat if streamed_place(width, beat) < beat else 0  # a beat is shifted out word by word
    control = _TILES + _PER_ADDRESS * math.ceil(math.log2(deep))
    return Cost(control + turned) + written_cost(width, deep, style)


def batch_buffer_cost(width: int, words: int) -> Cost:
    """Of batch_buffer, which holds so many words in all."""
    control = Cost(_BUFFER + _PER_COUNT * math.ceil(math.log2(max(words, 2))))
    if buffer_style(words) == "distributed":
        return control + written_cost(width, words, "distributed")
    return control + block_ram_cost(width, words)
