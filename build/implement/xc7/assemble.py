# SPDX-License-Identifier: Apache-2.0
"""FASM -> frames: the bits that prjxray's fasm2frames sets, in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from fpgan.build.implement.xc7.bit_file import write_bit
from fpgan.build.implement.xc7.database import Database
from fpgan.build.implement.xc7.frames import WORDS, Frames, no_frames

_LINE = re.compile(
    r"(?P<tile>\w+)\.(?P<feature>[\w.]+)(?:\[(?P<high>\d+)(?::(?P<low>\d+))?\])?"
    r"(?:\s*=\s*(?:\d+')?(?P<base>[bhd]?)(?P<value>[0-9a-fA-F_]+))?\Z"
)
_BASES = {"b": 2, "h": 16, "d": 10, "": 10}
_SHOWN = 60  # characters of a wrong line

Place = tuple[int, int]  # frame's row, bit in it


def assemble(text: str, database: Database, design: str) -> bytes:
    """The .bit file of a FASM text; see `frames_of` and `write_bit`."""
    return write_bit(frames_of(text, database), database.part, design)


def frames_of(text: str, database: Database) -> Frames:
    """Frames with the bits of a FASM text and of what the part always needs; without ECC.

    ValueError in one line for a line that is no FASM, a feature that the database does not know, and two that
    want a bit different. Features of I/O pins are refused: they would change others of their bank.
    """
    placed = _Placed(database)
    for line in (*database.part.required.splitlines(), *text.splitlines()):
        line = line.partition("#")[0].strip()
        if line:
            for tile, feature, number in _features(line):
                placed.add(tile, feature, number, line)
    return placed.frames()


def _features(line: str) -> Iterator[tuple[str, str, int]]:
    """Tile, feature and index of everything that a line sets."""
    match = _LINE.match(line)
    if match is None:
        raise ValueError(f"{line[:_SHOWN]!r} is no line of FASM")
    tile, feature = match["tile"], match["feature"]
    value = int(match["value"], _BASES[match["base"]]) if match["value"] else 1
    if match["high"] is None:
        if value:
            yield tile, feature, 0
        return
    high = int(match["high"])
    low = int(match["low"]) if match["low"] else high
    if value >> (high - low + 1):
        raise ValueError(f"{line[:_SHOWN]!r} has more bits than its range")
    while value:
        bit = (value & -value).bit_length() - 1
        yield tile, feature, low + bit
        value &= value - 1


class _Placed:
    """Bits that features set and clear."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.rows = {address: i for i, address in enumerate(database.part.frames)}
        self.wanted: tuple[dict[Place, str], dict[Place, str]] = ({}, {})  # clear, set: the line that does

    def add(self, tile: str, feature: str, number: int, line: str) -> None:
        about = self.database.tiles.get(tile)
        if about is None:
            raise ValueError(f"{line[:_SHOWN]!r}: {self.database.name} has no tile {tile}")
        if about.type.startswith(("LIOB", "RIOB")):
            raise ValueError(f"{line[:_SHOWN]!r}: features of I/O pins are not assembled")
        dst, _, src = feature.partition(".")
        if (dst, src) in self.database.ppips(about.type):
            return
        for bus, segbits in self.database.segbits(about.type).items():
            name = feature if not number and feature in segbits.bits else None
            name = name or segbits.numbered.get(feature, {}).get(number)
            if name is not None and bus in about.bits:
                where = about.bits[bus]
                for frame, bit, is_set in segbits.bits[name]:
                    place = self.rows[where.base + frame], where.offset * 32 + bit
                    self.wanted[is_set].setdefault(place, line)
                return
        raise ValueError(f"{line[:_SHOWN]!r}: the database knows no such feature of {about.type}")

    def frames(self) -> Frames:
        clear, is_set = self.wanted
        for place in clear.keys() & is_set.keys():
            raise ValueError(f"{clear[place][:_SHOWN]!r} and {is_set[place][:_SHOWN]!r} exclude each other")
        frames = no_frames(self.database.part)
        row, bit = np.array(list(is_set), np.int64).reshape(-1, 2).T
        np.bitwise_or.at(
            frames.reshape(-1), row * WORDS + bit // 32, np.uint32(1) << (bit % 32).astype(np.uint32)
        )
        return frames
