# SPDX-License-Identifier: Apache-2.0
"""Pips -> nets: which site's output drives each wire.

A node is all wires of any tiles that meet; a pip drives one node from another. Nodes grow from the pips that
are set and the wires that are asked for, so that the work goes with the design and not with the part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.database import Database
from fpgan.build.implement.xc7.decode import Decoded
from fpgan.build.implement.xc7.fabric import Fabric, Ints

_SHOWN = 3  # places in an error
_CHUNKS = 8  # sorted arrays that are looked through before they become one

Place = tuple[str, str]  # a tile and a wire in it


@dataclass(frozen=True)
class Pin:
    """A site's output: tile, site within it, pin."""

    tile: str
    site: str
    name: str


@dataclass(frozen=True)
class Nets:
    """What drives each wire that was asked for: an output, or 1 for what is 1 by itself.

    A wire that floats is not in it.
    """

    sources: Mapping[Place, Pin | int]
    pips: int  # that are set
    nodes: int  # that they drive

    @cached_property
    def used(self) -> frozenset[Pin]:
        """Outputs that drive something that was asked for."""
        return frozenset(source for source in self.sources.values() if isinstance(source, Pin))


def pips_of(decoded: Decoded, database: Database) -> list[tuple[Place, Place]]:
    """Destination and source of every pip that is set, those that are set by bits of 0 included."""
    found = []
    for tile, features in decoded.features.items():
        kind = database.tiles[tile].type
        known = database.tile_type(kind).pips
        pips = {
            (dst, src) for name in features for dst, _, src in [name.partition(".")] if (dst, src) in known
        }
        driven = {dst for dst, _ in pips}
        pips |= {(dst, src) for dst, src in database.pips_of_zeros(kind) if dst not in driven}
        found += [((tile, dst), (tile, src)) for dst, src in pips]
    return found


def trace(pips: list[tuple[Place, Place]], wanted: Iterable[Place], fabric: Fabric) -> Nets:
    """Nets of the wanted wires. ValueError for a node that two things drive, or pips that form a loop."""
    places = list(wanted)
    asked = fabric.wires(places)
    pip = _Pairs(*(fabric.wires(places[side] for places in pips) for side in (0, 1)))
    wires, met, always = _grown(np.concatenate([pip.dst, pip.src, asked]), fabric)
    nodes = _Nodes.of(wires, met)
    out, pins = fabric.outputs(wires)
    graph = _Graph(nodes, fabric, nodes.at(out))
    pip, always = graph.in_nodes(pip), graph.in_nodes(always)
    root = graph.roots(pip, always)
    source: dict[int, Pin | int] = dict.fromkeys(nodes.at(fabric.falls_to_one(wires)).tolist(), 1)
    for (tile, _), node, pin in zip(fabric.texts(out), graph.out.tolist(), pins, strict=True):
        source[node] = Pin(tile, *pin)
    found = zip(places, root[nodes.at(asked)].tolist(), strict=True)
    return Nets(
        {place: source[node] for place, node in found if node in source}, len(pips), len(np.unique(pip.dst))
    )


@dataclass(frozen=True)
class _Pairs:
    """Wires or nodes, each driven by another."""

    dst: Ints
    src: Ints

    def where(self, wanted: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.dst[wanted], self.src[wanted])

    def once(self) -> _Pairs:
        """The same without repetitions, in the order of what is driven."""
        pairs = np.unique(np.stack([self.dst, self.src], axis=1), axis=0)
        return _Pairs(pairs[:, 0], pairs[:, 1])


def _grown(start: Ints, fabric: Fabric) -> tuple[Ints, _Pairs, _Pairs]:
    """All wires of the nodes of these and of what drives them without a bit; which meet; which drive."""
    new = np.unique(start)
    known, met, always = [new], [(new, new)], [(new[:0], new[:0])]
    while len(new):
        met.append(fabric.met(new))
        always.append(fabric.always(new))
        new = np.unique(np.concatenate([met[-1][1], always[-1][1]]))
        for wires in known:
            new = new[~_has(wires, new)]
        known.append(new)
        if len(known) > _CHUNKS:
            known = [np.sort(np.concatenate(known))]
    return np.sort(np.concatenate(known)), _joined(met), _joined(always)


def _joined(pairs: Sequence[tuple[Ints, Ints]]) -> _Pairs:
    dst, src = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return _Pairs(dst, src)


def _has(wires: Ints, wanted: Ints) -> NDArray[np.bool_]:
    """Which of the wanted are in the sorted wires."""
    if not len(wires):
        return np.zeros(len(wanted), bool)
    return wires[np.minimum(np.searchsorted(wires, wanted), len(wires) - 1)] == wanted


@dataclass(frozen=True)
class _Nodes:
    """The node of each wire: the index of one of its wires."""

    wires: Ints
    node: Ints

    @classmethod
    def of(cls, wires: Ints, met: _Pairs) -> _Nodes:
        """Union and find: each round hangs roots below smaller ones and flattens what came of it."""
        one, other = np.searchsorted(wires, met.dst), np.searchsorted(wires, met.src)
        root = np.arange(len(wires))
        while (root[one] != root[other]).any():
            least = np.minimum(root[one], root[other])
            np.minimum.at(root, root[one], least)
            np.minimum.at(root, root[other], least)
            while (root[root] != root).any():
                root = root[root]
        return cls(wires, root)

    def at(self, wires: Ints) -> Ints:
        return self.node[np.searchsorted(self.wires, wires)]


@dataclass(frozen=True)
class _Graph:
    """Nodes, and those that a site's output drives."""

    nodes: _Nodes
    fabric: Fabric
    out: Ints

    def in_nodes(self, pairs: _Pairs) -> _Pairs:
        return _Pairs(self.nodes.at(pairs.dst), self.nodes.at(pairs.src)).once()

    def roots(self, pips: _Pairs, always: _Pairs) -> Ints:
        """Where each node's signal comes from."""
        self._check(pips)
        driven = np.concatenate([pips.dst, self.out])
        if (np.isin(pips.dst, self.out)).any():
            self._refuse(pips.dst[np.isin(pips.dst, self.out)], "are driven by a site and by a pip")
        always = always.where(~np.isin(always.dst, driven))
        alive = np.concatenate(
            [driven, always.dst, self.nodes.at(self.fabric.falls_to_one(self.nodes.wires))]
        )
        always = always.where(np.isin(always.src, alive))
        self._check(always)
        driver = np.arange(len(self.nodes.wires))
        for pairs in (pips, always):
            driver[pairs.dst] = pairs.src
        for _ in range(len(driver).bit_length()):
            driver = driver[driver]
        if (driver[driver] != driver).any():
            self._refuse(np.flatnonzero(driver[driver] != driver), "are in a loop of pips")
        return driver

    def _check(self, pairs: _Pairs) -> None:
        again = np.flatnonzero(pairs.dst[1:] == pairs.dst[:-1])
        if len(again):
            self._refuse(np.unique(pairs.dst[again]), "have more than one driver")

    def _refuse(self, nodes: Ints, what: str) -> None:
        shown = ", ".join(".".join(place) for place in self.fabric.texts(self.nodes.wires[nodes[:_SHOWN]]))
        raise ValueError(f"{len(nodes)} nodes {what}: {shown}{', ...' if len(nodes) > _SHOWN else ''}")
