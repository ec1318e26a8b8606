# SPDX-License-Identifier: Apache-2.0
"""Frames -> features of each tile, and the bits that no feature explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.database import Database
from fpgan.build.implement.xc7.frames import ECC_BITS, ECC_WORD, WORDS, Frames
from fpgan.build.implement.xc7.records import Bits, Segbits, Tile

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Decoded:
    """Features that are set, by tile; set bits that are no feature's, as (frame's address, word, bit);
    number of bits set, ECC aside."""

    features: dict[str, set[str]]
    unknown: list[tuple[int, int, int]]
    bits: int


def decode(frames: Frames, database: Database) -> Decoded:
    """What the frames say. A feature is set where all its set bits are and none of those that it clears.

    Features that are only known by bits that are 0 are left out: they are what a tile does by itself.
    """
    part = database.part
    rows = {address: i for i, address in enumerate(part.frames)}
    data = frames.copy()
    data[:, ECC_WORD] &= ~np.uint32(ECC_BITS)
    known = np.zeros_like(data)
    features: dict[str, set[str]] = {}
    for (kind, bus), tiles in _by_type(database).items():
        segbits = database.segbits(kind).get(bus)
        if segbits is None:
            continue
        used, windows = _used(data, tiles, bus, rows)
        if not used:
            continue
        names, found, explained = _match(segbits, windows)
        for tile, hits in zip(used, found, strict=True):
            features.setdefault(tile.name, set()).update(names[i] for i in np.flatnonzero(hits))
        for tile, window in zip(used, explained, strict=True):
            frame, word, count, words = _place(tile.bits[bus], rows)
            known[frame : frame + count, word : word + words] |= window
    left = data & ~known
    unknown = [(part.frames[row], word, bit) for row, word in np.argwhere(left).tolist() for bit in range(32)
               if int(left[row, word]) >> bit & 1]  # fmt: skip
    return Decoded(features, unknown, int(np.bitwise_count(data).sum()))


def _by_type(database: Database) -> dict[tuple[str, str], list[Tile]]:
    found: dict[tuple[str, str], list[Tile]] = {}
    for tile in database.tiles.values():
        for bus in tile.bits:
            found.setdefault((tile.type, bus), []).append(tile)
    return found


def _place(bits: Bits, rows: dict[int, int]) -> tuple[int, int, int, int]:
    """First frame's row, first word, and how many of both."""
    return rows[bits.base], bits.offset, bits.frames, min(bits.words, WORDS - bits.offset)


def _used(
    data: Frames, tiles: Sequence[Tile], bus: str, rows: dict[int, int]
) -> tuple[list[Tile], NDArray[np.uint32]]:
    """Tiles that have a bit set, and their words: (tiles, frames, words)."""
    used, windows = [], []
    for tile in tiles:
        frame, word, count, words = _place(tile.bits[bus], rows)
        window = data[frame : frame + count, word : word + words]
        if window.any():
            used.append(tile)
            windows.append(window)
    return used, np.stack(windows) if windows else np.zeros((0, 0, 0), np.uint32)


def _match(segbits: Segbits, windows: NDArray[np.uint32]) -> tuple[list[str], Bools, NDArray[np.uint32]]:
    """Names of features; which of them each window has, (windows, features); the bits which these explain."""
    count, frames, words = windows.shape
    bits = np.unpackbits(windows.astype("<u4").view(np.uint8), axis=-1, bitorder="little")
    flat = bits.reshape(count, -1).astype(bool)  # bit B of frame F at 32 * words * F + B
    names = [name for name, needs in segbits.bits.items() if any(is_set for _, _, is_set in needs)]
    found = np.ones((count, len(names)), bool)
    explained = np.zeros_like(flat)
    steps = list(_steps([segbits.bits[name] for name in names], 32 * words, flat.shape[1]))
    for feature, bit, is_set in steps:
        found[:, feature] &= flat[:, bit] == is_set
    for feature, bit, is_set in steps:
        tile, hit = np.nonzero(found[:, feature[is_set]])
        explained[tile, bit[is_set][hit]] = True
    packed = np.packbits(explained.reshape(count, frames, -1), axis=-1, bitorder="little")
    return names, found, packed.view("<u4").astype(np.uint32)


def _steps(
    needs: Sequence[Sequence[tuple[int, int, bool]]], width: int, size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Bools]]:
    """Features that have a first bit, a second one and so on; where it is, and whether it must be set."""
    for step in range(max(map(len, needs))):
        having = [i for i, bits in enumerate(needs) if len(bits) > step]
        at = np.array([needs[i][step][0] * width + needs[i][step][1] for i in having])
        is_set = np.array([needs[i][step][2] for i in having])
        inside = at < size  # the last tile of a column may end before its type does
        yield np.array(having)[inside], at[inside], is_set[inside]
