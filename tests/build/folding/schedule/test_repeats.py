# SPDX-License-Identifier: Apache-2.0
"""Rows and images that are counted: to the cycle what stepping through all of them gives."""

from __future__ import annotations

import pytest
from integer_graphs import Integers, finished, folded, residual

from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.schedule import repeats
from fpgan.build.folding.schedule.timing import DeadlockError, Timing


def _skip(side: int, target: int):
    """Two layers of 3x3 with a skip around them."""
    g = Integers((side, side), 4)
    main = g.linear(g.linear("image_0", 4, kernel=3, pad=1), 4, kernel=3, pad=1, out="INT4")
    return folded(finished(g, g.add(main, "image_0")), target)


@pytest.mark.parametrize("depth", [2, 30, 150, 900])
@pytest.mark.parametrize(
    "make", [lambda: _skip(32, 3000), lambda: _skip(24, 9000), lambda: folded(residual(), 600)]
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
