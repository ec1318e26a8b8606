# SPDX-License-Identifier: Apache-2.0
"""The wires of a part in numbers: tile * 2^20 + name, and what they meet, in arrays.

Tables go by a wire's key, kind of tile * 2^20 + name, for all tiles of a kind are alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.database import Database

_BITS = 20
_MASK = (1 << _BITS) - 1

Ints = NDArray[np.int64]
Table = tuple[Ints, Ints]  # sorted keys (rows,), and values of each (rows, columns)


class Fabric:
    """Wires by number; see the module."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tiles = list(database.tiles.values())
        self._index = {tile.name: i for i, tile in enumerate(self.tiles)}
        self._kinds = {kind: i for i, kind in enumerate(dict.fromkeys(tile.type for tile in self.tiles))}
        self._kind = np.array([self._kinds[tile.type] for tile in self.tiles])
        self._x, self._y = np.array([(tile.x, tile.y) for tile in self.tiles]).T
        self._grid = np.full((int(self._y.max()) + 1, int(self._x.max()) + 1), -1)
        self._grid[self._y, self._x] = np.arange(len(self.tiles))
        self._names: dict[str, int] = {}
        self._texts: list[str] = []

    def wires(self, places: Iterable[tuple[str, str]]) -> Ints:
        """Numbers of wires by (tile, name)."""
        return np.array([self._index[tile] << _BITS | self._name(name) for tile, name in places], np.int64)

    def texts(self, wires: Ints) -> list[tuple[str, str]]:
        """Names of tile and wire."""
        return [(self.tiles[wire >> _BITS].name, self._texts[wire & _MASK]) for wire in wires.tolist()]

    def met(self, wires: Ints) -> tuple[Ints, Ints]:
        """Pairs of one of these wires and one that it meets in another tile."""
        rows, values = self._joined(wires, self._connections)
        own, tile = wires[rows], wires[rows] >> _BITS
        x, y = self._x[tile] + values[:, 0], self._y[tile] + values[:, 1]
        inside = (x >= 0) & (y >= 0) & (x < self._grid.shape[1]) & (y < self._grid.shape[0])
        own, values, other = own[inside], values[inside], self._grid[y[inside], x[inside]]
        same = (other >= 0) & (self._kind[other] == values[:, 2])
        return own[same], other[same] << _BITS | values[same, 3]

    def always(self, wires: Ints) -> tuple[Ints, Ints]:
        """Pairs of one of these wires and one that drives it in its own tile without a bit."""
        rows, values = self._joined(wires, self._ppips("always"))
        return wires[rows], wires[rows] & ~_MASK | values[:, 0]

    def falls_to_one(self, wires: Ints) -> Ints:
        """Those of the wires that are 1 where nothing drives them."""
        return wires[self._joined(wires, self._ppips("default"))[0]]

    def outputs(self, wires: Ints) -> tuple[Ints, list[tuple[str, str]]]:
        """Those of the wires that a site drives, and the names of site and pin."""
        pins: list[tuple[str, str]] = []
        rows = []
        for kind in np.unique(self._kind[wires >> _BITS]).tolist():
            name = self._kind_names[kind]
            for site, pin, wire in self.database.outputs(name):
                rows.append((self._key(name, wire), len(pins)))
                pins.append((site, pin))
        found, values = self._joined(wires, _table(rows, 1))
        return wires[found], [pins[i] for i in values[:, 0].tolist()]

    @cached_property
    def _kind_names(self) -> list[str]:
        return list(self._kinds)

    @cached_property
    def _connections(self) -> Table:
        """x and y to the other tile, its kind, the other wire's name."""
        rows = []
        for rule in self.database.connections:
            (a, b), (dx, dy) = rule.types, rule.offset
            if a in self._kinds and b in self._kinds:
                kind_a, kind_b = self._kinds[a], self._kinds[b]
                for one, other in rule.pairs:
                    i, j = self._name(one), self._name(other)
                    rows.append((kind_a << _BITS | i, dx, dy, kind_b, j))
                    rows.append((kind_b << _BITS | j, -dx, -dy, kind_a, i))
        return _table(rows, 4)

    def _ppips(self, wanted: str) -> Table:
        if wanted not in self._of_ppips:
            self._of_ppips[wanted] = _table(
                [(self._key(kind, dst), self._name(src)) for kind in self._kinds
                 for (dst, src), how in self.database.ppips(kind).items() if how == wanted],
                1,
            )  # fmt: skip
        return self._of_ppips[wanted]

    @cached_property
    def _of_ppips(self) -> dict[str, Table]:
        return {}

    def _joined(self, wires: Ints, table: Table) -> tuple[Ints, Ints]:
        """Every pair of a wire and a row of the table: indices of wires, and the rows' values."""
        keys, values = table
        wanted = self._kind[wires >> _BITS] << _BITS | wires & _MASK
        first, last = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
        count = last - first
        rows = np.repeat(np.arange(len(wires)), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        return rows, values[np.repeat(first, count) + within]

    def _key(self, kind: str, name: str) -> int:
        return self._kinds[kind] << _BITS | self._name(name)

    def _name(self, name: str) -> int:
        number = self._names.setdefault(name, len(self._texts))
        if number == len(self._texts):
            self._texts.append(name)
        return number


def _table(rows: Sequence[tuple[int, ...]], columns: int) -> Table:
    table = np.array(sorted(set(rows)), np.int64).reshape(-1, columns + 1)
    return table[:, 0], table[:, 1:]
