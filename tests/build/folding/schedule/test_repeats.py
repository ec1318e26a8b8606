# SPDX-License-Identifier: Apache-2.0
"""Rows and images that are counted: to the cycle what stepping through all of them gives."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from integer_graphs import Integers, finished, folded, residual

from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.schedule import repeats
from fpgan.build.folding.schedule.timing import DeadlockError, Timing
from fpgan.build.folding.size_fifos import SMALLEST, one_word_less, period, size_fifos


def _skip(side: int, target: int):
    """Two layers of 3x3 with a skip around them."""
    g = Integers((side, side), 4)
    main = g.linear(g.linear("image_0", 4, kernel=3, pad=1), 4, kernel=3, pad=1, out="INT4")
    return folded(finished(g, g.add(main, "image_0")), target)


def _unequal():
    """A layer a little faster than the one behind it: a FIFO fills over many rows until it is full."""
    g = Integers((200, 8), 1)
    g.linear(g.linear("image_0", 1, kernel=3), 10, kernel=1, pad=0)
    return lower(g.model())


@pytest.mark.parametrize("depth", [2, 30, 150, 900])
@pytest.mark.parametrize(
    "make", [lambda: _skip(32, 3000), lambda: _skip(24, 9000), lambda: folded(residual(), 600), _unequal]
)
def test_as_without(make, depth, monkeypatch):
    """Of FIFOs that fill, that are full, and that are too small for a word to move."""
    monkeypatch.setattr(repeats, "_FEW", 0)  # compares at every row
    timing = Timing(insert_streams(make()))
    depths, found, jumped = dict.fromkeys(timing.fifos, depth), [], []
    jump, finish = repeats.Repeats._jump, repeats.Repeats._finish
    monkeypatch.setattr(repeats.Repeats, "_jump", lambda *a: jumped.append("rows") or jump(*a))
    monkeypatch.setattr(repeats.Repeats, "_finish", lambda *a: finish(*a) and not jumped.append("images"))
    for jumps in (True, False):
        if not jumps:
            monkeypatch.setattr(repeats.Repeats, "look", lambda *_: None)
        try:
            found.append((timing.run(20, depths), timing.held))
        except DeadlockError as error:
            found.append((str(error), {}))
    assert found[0] == found[1]
    assert jumped or isinstance(found[0][0], str)  # a run that stops may do so before anything repeats


def _random(seed: int):
    """A folded graph of 3 to 6 layers, skips, sums and joins on images of up to 24x24 pixels."""
    rng = np.random.default_rng(seed)
    size, channels = (int(rng.integers(3, 25)), int(rng.integers(3, 25))), int(rng.choice([1, 2, 4]))
    g = Integers(size, channels, seed=seed)
    images = ["image_0"]
    for _ in range(int(rng.integers(2, 6))):
        _, channels, *size = g.tensors[images[-1]][0]
        beside = [name for name in images[:-1] if g.tensors[name][0][2:] == size]
        alike = [name for name in beside if g.tensors[name][0][1] == channels]
        kind = rng.choice(["linear", "linear", "up", *["add"] * bool(alike), *["concat"] * bool(beside)])
        match kind:
            case "add":
                factors = tuple(int(f) for f in rng.integers(1, 4, 2))
                images.append(g.add(images[-1], str(rng.choice(alike)), factors, "INT4"))
            case "concat":
                images.append(g.concat(images[-1], str(rng.choice(beside))))
            case "up" if max(size) < 13:
                images.append(g.linear(images[-1], 2, kernel=4, stride=2))
            case _:
                more = int(rng.choice([channels, channels, 3]))
                images.append(g.linear(images[-1], more, kernel=3, out="INT4"))
    g.linear(images[-1], 1, kernel=int(rng.choice([1, 3])), pad=0)
    return folded(g, None if rng.random() < 0.3 else int(rng.choice([20, 80]) * math.prod(size) * 4))


def test_depths_of_random_graphs_as_without(monkeypatch):
    """FIFOs, and what a word less costs, of FPGAN_FUZZ graphs: as where every cycle is stepped through."""
    monkeypatch.setattr(repeats, "_FEW", 0)
    look, jumped = repeats.Repeats.look, []
    for kind in ("_jump", "_finish"):
        counting = getattr(repeats.Repeats, kind)
        monkeypatch.setattr(
            repeats.Repeats, kind, lambda *a, f=counting: jumped.append(found := f(*a)) or found
        )
    deeper = 0
    for seed in range(int(os.environ.get("FPGAN_FUZZ", "3"))):
        model, found = _random(seed), []
        for counted in (look, lambda *_: None):
            monkeypatch.setattr(repeats.Repeats, "look", counted)
            depths = size_fifos(model)
            found.append((depths, one_word_less(model, depths), period(model, depths)))
        assert found[0] == found[1], seed
        deeper += max(found[0][0].values()) > SMALLEST
    assert jumped and deeper


@pytest.mark.parametrize("seed", range(4))
def test_the_least_depth_with_which_words_move(seed):
    """Of each FIFO by itself, found as it grows: with a word less images stop, with it they do not."""
    timing = Timing(insert_streams(_random(seed + 3)))
    depths, found = dict.fromkeys(timing.fifos, 2000), []
    for name in timing.fifos:
        least = timing.moving(depths, name)
        timing.run(4, {**depths, name: least})
        if least > SMALLEST:
            found.append(name)
            with pytest.raises(DeadlockError):
                timing.run(2, {**depths, name: least - 1})
    assert found
