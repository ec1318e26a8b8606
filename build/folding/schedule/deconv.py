# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/engine/deconv.sv: rows arrive, groups of steps are issued against credits, results queue up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from qonnx.core.datatype import DataType

from fpgan.build.dataflow import lut_core
from fpgan.build.dataflow.cascade import Packing
from fpgan.build.dataflow.costs import QUEUE_WORDS
from fpgan.build.folding.schedule import fifo
from fpgan.build.folding.schedule.machine_code import compiled
from fpgan.build.folding.schedule.stage import DECONV, FOREVER, IntArray, Stage
from fpgan.hw.geometry import Reading

_ROWS, _ROW_WORDS, _HEIGHT, _PADDING, _LATENCY, _OH, _OW, _NF, _SF, _PLACES, _TABLES = range(11)
_NOW, _OY, _GROUP, _DONE, _HELD, _COLUMN, _ROW, _SURPLUS, _CREDIT, _TAKEN, _QUEUED, _OUT = range(12)
_FIRST, _FLYING, _FREED, _FREEING, _LISTS = range(12, 17)  # ring of results, ring of freed rows
_FREE_LAG, _FREE_PLACES = 3, 4


def stage(op: Any) -> Stage:
    """Of a Deconv_rtl node."""
    geometry, (nf, sf), (ty, tx) = op.geometry, op.fold, op.taps
    nf //= op.tiles  # of a tile, where weights are streamed: its images are walked like others
    bits = DataType[op.get_nodeattr("weightDataType")].bitwidth()
    cores = [
        _core(part.core, part.wide, bits, packing)
        for part, packing in zip(op.shape().parts, op.packings, strict=True)
    ]
    core, most = (max(latencies) for latencies in zip(*cores, strict=True))  # results leave together
    stages = 7 if ty * tx > 1 else 6
    rows, cols, places = geometry.rows, geometry.cols, credits(stages + 1 + most, sf)
    walked = rows.blocks(ty), cols.blocks(tx)
    row_words = cols.size * op.pixel_words
    return walk(rows, walked, (nf, sf), (op.buffer_rows, row_words), stages + core, places, ty)


def _core(core: str, wide: int, bits: int, packing: Packing | None) -> tuple[int, int]:
    """Latency of a core with so many products of weights of so many bits; core_latency of deconv.sv."""
    if packing:
        return packing.latency, packing.most_latency
    tree = math.ceil(math.log2(wide)) if wide > 1 else 0
    latency = {
        "dsp": 4 + tree + (wide == 1),
        "dsp2x": 1 + (4 + max(tree - 1, 0) + (wide <= 2) + 1) // 2,
        "lut": lut_core.latency(wide, bits),
    }[core]
    return latency, ((bits + 3) // 2 if bits > 10 else 6) + tree


def walk(
    rows: Reading,
    blocks: tuple[Sequence[int], Sequence[int]],
    fold: tuple[int, int],
    buffer: tuple[int, int],
    latency: int,
    places: int,
    par: int = 1,
) -> Stage:
    """Steps on rows that are held: of each output row and column so many blocks, of each block a fold.

    buffer: rows, and words of one; latency: cycles from a group's last step to its result; places: of
    results; par: rows of a block.
    """
    (per_row, per_column), (held, row_words) = blocks, buffer
    constants = [
        held, row_words, rows.size, -rows.size % par, latency, len(per_row), len(per_column), *fold, places
    ]  # fmt: skip
    drop, more = np.diff(rows.released(par), prepend=0), np.diff(rows.needed(par), prepend=0)
    tables = np.concatenate([drop, more, per_row, per_column])
    registers = np.zeros(_LISTS + places + 2 * _FREE_PLACES, np.int64)
    registers[_CREDIT], registers[_SURPLUS] = places, -more[0]  # rows arrived, less those that the row needs
    came = np.ones((rows.size, 1), np.int64)
    came[-1] += constants[_PADDING]
    counts = (_OY, np.stack([drop, more, per_row], axis=1)), (_ROW, came)
    return Stage(DECONV, np.concatenate([constants, tables]).astype(np.int64), registers, counts)


def credits(in_flight: int, sf: int) -> int:
    """CREDITS of deconv.sv: results in flight, queued, or in the queue's last register."""
    return max(QUEUE_WORDS, in_flight // sf + 3) + 1


@compiled
def _steps(p: IntArray, a: int, s: IntArray, b: int) -> int:
    """Of the group that is issued."""
    rows = a + _TABLES + 2 * p[a + _OH]
    blocks = p[rows + s[b + _OY]] * p[rows + p[a + _OH] + s[b + _GROUP] // p[a + _NF]]
    return max(1, blocks * p[a + _SF])


@compiled
def now(s: IntArray, b: int) -> int:
    """The cycle."""
    return s[b + _NOW]


@compiled
def ends_image(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether the last step of an image is issued in this cycle."""
    last = s[b + _DONE] + 1 == _steps(p, a, s, b) and s[b + _GROUP] + 1 == p[a + _OW] * p[a + _NF]
    return last and s[b + _OY] + 1 == p[a + _OH] and s[b + _SURPLUS] >= 0 and s[b + _CREDIT] > 0


@compiled
def valid(s: IntArray, b: int) -> bool:
    """Whether it offers a word."""
    return s[b + _OUT] == 1


@compiled
def ready(p: IntArray, a: int, s: IntArray, b: int) -> bool:
    """Whether it takes a word."""
    return s[b + _HELD] != p[a + _ROWS]


@compiled
def tick(p: IntArray, a: int, s: IntArray, b: int, push: int, pop: int) -> None:
    """A clock edge: whether a word came, and whether one left."""
    now, places = s[b + _NOW], p[a + _PLACES]
    arrived = 0
    if s[b + _FLYING] > 0 and s[b + _LISTS + s[b + _FIRST]] == now:
        s[b + _FIRST] = (s[b + _FIRST] + 1) % places
        s[b + _FLYING] -= 1
        arrived = 1
    freed = _LISTS + places
    if s[b + _FREEING] > 0 and s[b + freed + 2 * s[b + _FREED]] == now:
        s[b + _HELD] -= s[b + freed + 2 * s[b + _FREED] + 1]
        s[b + _FREED] = (s[b + _FREED] + 1) % _FREE_PLACES
        s[b + _FREEING] -= 1
    last = s[b + _DONE] + 1 == _steps(p, a, s, b)
    surplus = s[b + _SURPLUS]
    if push == 1:
        _receive(p, a, s, b)
    if surplus >= 0 and (s[b + _CREDIT] > 0 or not last):
        s[b + _DONE] += 1
        if last:
            s[b + _DONE] = 0
            s[b + _CREDIT] -= 1
            s[b + _LISTS + (s[b + _FIRST] + s[b + _FLYING]) % places] = now + p[a + _LATENCY]
            s[b + _FLYING] += 1
            s[b + _GROUP] += 1
            if s[b + _GROUP] == p[a + _OW] * p[a + _NF]:
                _end_row(p, a, s, b)
    s[b + _CREDIT] += s[b + _TAKEN]
    s[b + _TAKEN] = pop
    s[b + _QUEUED], s[b + _OUT] = fifo.tick(s[b + _QUEUED], s[b + _OUT], arrived, pop)
    s[b + _NOW] = now + 1


@compiled
def _receive(p: IntArray, a: int, s: IntArray, b: int) -> None:
    s[b + _COLUMN] += 1
    if s[b + _COLUMN] == p[a + _ROW_WORDS]:
        s[b + _COLUMN], s[b + _ROW] = 0, (s[b + _ROW] + 1) % p[a + _HEIGHT]
        rows = 1 if s[b + _ROW] else 1 + p[a + _PADDING]
        s[b + _SURPLUS] += rows
        s[b + _HELD] += rows


@compiled
def _end_row(p: IntArray, a: int, s: IntArray, b: int) -> None:
    oy, oh = s[b + _OY], p[a + _OH]
    drop = p[a + _TABLES + oy]
    if drop:
        place = _LISTS + p[a + _PLACES] + 2 * ((s[b + _FREED] + s[b + _FREEING]) % _FREE_PLACES)
        s[b + place], s[b + place + 1] = s[b + _NOW] + _FREE_LAG, drop
        s[b + _FREEING] += 1
    s[b + _GROUP], s[b + _OY] = 0, (oy + 1) % oh
    s[b + _SURPLUS] -= p[a + _TABLES + oh + s[b + _OY]]


@compiled
def relative(p: IntArray, a: int, s: IntArray, b: int, seen: IntArray) -> None:
    """The times in both rings, seen from now, the oldest first; what is in neither ring is 0."""
    places, freed = p[a + _PLACES], _LISTS + p[a + _PLACES]
    for k in range(places):
        at = b + _LISTS + (s[b + _FIRST] + k) % places
        seen[b + _LISTS + k] = s[at] - s[b + _NOW] if k < s[b + _FLYING] else 0
    for k in range(_FREE_PLACES):
        at = b + freed + 2 * ((s[b + _FREED] + k) % _FREE_PLACES)
        seen[b + freed + 2 * k] = s[at] - s[b + _NOW] if k < s[b + _FREEING] else 0
        seen[b + freed + 2 * k + 1] = s[at + 1] if k < s[b + _FREEING] else 0
    seen[b + _NOW] = seen[b + _FIRST] = seen[b + _FREED] = 0


@compiled
def quiet(p: IntArray, a: int, s: IntArray, b: int) -> int:
    """Cycles for which it offers and takes the same if no word comes or leaves."""
    if s[b + _TAKEN] == 1 or (s[b + _QUEUED] != 0 and s[b + _OUT] == 0):
        return 0
    now, freed, wait = s[b + _NOW], b + _LISTS + p[a + _PLACES], FOREVER
    if s[b + _FLYING] > 0:
        wait = min(wait, s[b + _LISTS + s[b + _FIRST]] - now)
    if s[b + _FREEING] > 0:
        wait = min(wait, s[freed + 2 * s[b + _FREED]] - now)
    left = _steps(p, a, s, b) - 1 - s[b + _DONE]
    if s[b + _SURPLUS] >= 0 and (left > 0 or s[b + _CREDIT] > 0):
        wait = min(wait, left)
    return wait


@compiled
def skip(p: IntArray, a: int, s: IntArray, b: int, cycles: int) -> None:
    """So many quiet cycles at once."""
    s[b + _NOW] += cycles
    if s[b + _SURPLUS] >= 0 and s[b + _DONE] + 1 < _steps(p, a, s, b):
        s[b + _DONE] += cycles
