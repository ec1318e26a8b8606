# SPDX-License-Identifier: Apache-2.0
"""What the files of Project X-Ray's database say, as they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fpgan.hw.system.reading import DamagedError, read_text

_BIT = re.compile(r"(!?)(\d+)_(\d+)\Z")
_NUMBERED = re.compile(r"(.*)\[(\d+)\](.*)\Z")
_FIFO, _RAM = "FIFO18E1", "RAMB18E1"
BUSES = ("CLB_IO_CLK", "BLOCK_RAM")


@dataclass(frozen=True)
class Bits:
    """Where a tile's bits lie: frames from `base` on, `words` of each from `offset` on."""

    base: int
    frames: int
    offset: int
    words: int


@dataclass(frozen=True)
class Tile:
    """A tile: its type, its place in the grid, its bits by configuration bus, its sites' types by name."""

    name: str
    type: str
    x: int
    y: int
    bits: Mapping[str, Bits]
    sites: Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """A site of a type of tile: its name as features have it, its type, and the wire of each pin."""

    name: str
    type: str
    pins: Mapping[str, str]


@dataclass(frozen=True)
class TileType:
    """What all tiles of a type have: sites, and pips as (destination, source) wires."""

    sites: tuple[Site, ...]
    pips: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Connection:
    """Where a tile of the first type has one of the second at (x, y) from it, the wires of each pair meet."""

    types: tuple[str, str]
    offset: tuple[int, int]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Segbits:
    """Bits of the features of a type of tile on one bus: (frame, bit of the tile's words, set)."""

    bits: Mapping[str, tuple[tuple[int, int, bool], ...]]

    @cached_property
    def numbered(self) -> dict[str, dict[int, str]]:
        """Features that are bits of a vector: name without its index -> index -> name."""
        found: dict[str, dict[int, str]] = {}
        for name in self.bits:
            if match := _NUMBERED.match(name):
                found.setdefault(match[1] + match[3], {})[int(match[2])] = name
        return found


@dataclass(frozen=True)
class Part:
    """A part: what its register IDCODE reads, its frames' addresses in the order of configuration, features
    that every bitstream has."""

    name: str
    idcode: int
    frames: tuple[int, ...]
    required: str


def frames_of(regions: Mapping[str, Any]) -> list[int]:
    """Addresses: bus, half, row, column, frame of the column from the highest bit down."""
    found = []
    for half, region in regions.items():
        for row, buses in region["rows"].items():
            for bus, columns in buses["configuration_buses"].items():
                for column, about in columns["configuration_columns"].items():
                    base = BUSES.index(bus) << 23 | (half == "bottom") << 22 | int(row) << 17
                    first = base | int(column) << 7
                    found += [first | minor for minor in range(int(about["frame_count"]))]
    return found


def tile_of(name: str, about: Mapping[str, Any]) -> Tile:
    """Bits that are an alias of another type's (single I/O pairs) are left out: the device's pins alone."""
    bits = {
        bus: Bits(int(where["baseaddr"], 16), where["frames"], where["offset"], where["words"])
        for bus, where in about["bits"].items()
        if "alias" not in where
    }
    return Tile(name, about["type"], about["grid_x"], about["grid_y"], bits, about["sites"])


def connection_of(rule: Mapping[str, Any]) -> Connection:
    """From an entry of tileconn.json."""
    (first, second), (x, y) = rule["tile_types"], rule["grid_deltas"]
    return Connection((first, second), (int(x), int(y)), tuple((a, b) for a, b in rule["wire_pairs"]))


def site_of(about: Mapping[str, Any]) -> Site:
    """From an entry of a tile type's sites; of a FIFO the RAMB18E1 there."""
    pins = {pin: wire for pin, how in about["site_pins"].items()
            if (wire := how if isinstance(how, str) else how and how["wire"])}  # fmt: skip
    kind = about["type"]
    if kind == _FIFO:  # a RAMB18E1 too, by whose pins its wires are called
        kind, pins = _RAM, {wire.rpartition("_")[2]: wire for wire in pins.values()}
    return Site(f"{about['prefix']}_{about['name']}", kind, pins)


def pip_ways(pip: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Destination and source; some pips go both ways."""
    dst, src = pip["dst_wire"], pip["src_wire"]
    return [(dst, src)] if pip["is_directional"] == "1" else [(dst, src), (src, dst)]


def read_segbits(path: Path, then: str) -> Segbits:
    """Of each feature its bits (frame, place, whether it is set), from a segbits file. DamagedError."""
    known: dict[str, tuple[int, int, bool]] = {}
    found = {}
    for line in read_text(path, then).splitlines():
        name, *words = line.split()
        for word in words:
            if word not in known:
                match = _BIT.match(word)
                if match is None:
                    raise DamagedError(path, f"is damaged: {word[:40]!r} is no bit", then)
                known[word] = int(match[2]), int(match[3]), not match[1]
        found[name.partition(".")[2]] = tuple(known[word] for word in words)
    return Segbits(found)
