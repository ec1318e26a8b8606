# SPDX-License-Identifier: Apache-2.0
"""Shapes refuse what is not like them, by name."""

from __future__ import annotations

import copy
import math
import re

from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.shapes import Each, Maybe, Null, Number, OneOf, Text, Whole, check_shape

SHAPE = {
    "a": Whole(0, 9), "b": [float], "c": Each(Text("[a-z]+", "letters"), bool), "d": Maybe(OneOf((1, "x"))),
    "e": Null({"f": str}), "g": Number(0, 1),
}  # fmt: skip
RIGHT = {"a": 1, "b": [1, 2.5], "c": {"x": True}, "d": "x", "e": {"f": ""}, "g": 0.5, "more": object()}


def test_shapes(tmp_path):
    """Right values pass; each value exchanged for each of other types does not, or is right too."""
    check_shape(RIGHT, SHAPE, tmp_path)
    check_shape({k: v for k, v in RIGHT.items() if k != "d"} | {"e": None}, SHAPE, tmp_path)
    wrong = [None, [], {}, "", -1, 1.5, math.inf, True, [None], {"X": True}, {"x": 1}, {"f": 1}]
    for key in SHAPE:
        refused = 0
        for value in wrong:
            try:
                check_shape(copy.deepcopy(RIGHT) | {key: value}, SHAPE, tmp_path)
            except DamagedError as error:
                refused += 1
                assert re.match(rf"{tmp_path}: (has no |a name in )?{key}", str(error))
        assert refused >= len(wrong) - 3, key
