# SPDX-License-Identifier: Apache-2.0
"""The types of sums at powers of two, where one bit too few changes a sum and one too many costs area."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.steps import sum_steps
from fpgan.build.frontend.network import QuantLayer, SumLayer
from fpgan.build.frontend.quantizers import Quantizer

# lowest and highest sum, whether the function falls, then the type of a layer of weights and of an Add, whose
# sums exist before they are negated too
CASES = [
    ((-8, 6), False, "INT4", "INT4"),
    ((-8, 7), False, "INT5", "INT5"),  # 8 is the threshold of a level that is never reached
    ((-9, 6), False, "INT5", "INT5"),
    ((-7, 8), True, "INT5", "INT5"),  # negated -8 to 7
    ((-6, 8), True, "INT4", "INT5"),
    ((-8, 6), True, "INT5", "INT5"),  # negated -6 to 8
    ((-7, 6), True, "INT5", "INT5"),
    ((-6, 7), True, "INT4", "INT5"),
    ((0, 15), False, "INT6", "INT6"),
    ((-16, 0), True, "INT6", "INT6"),
]


def layer(kind, low, high, sign):
    """A layer of two channels with such sums: the one rises, the other goes as `sign` says."""

    def function(acc):
        return np.clip(np.array([[1], [sign]]) * acc, -128, 127)

    ranges = np.array([max(low, -1), low]), np.array([min(high, 1), high])
    named = {"acc_range": ranges, "step_function": lambda self: function, "target": Quantizer(1.0, -128, 127)}
    return object.__new__(type("Given", (kind,), named))


@pytest.mark.parametrize(("reach", "falls", "of_weights", "of_an_add"), CASES)
def test_sums_have_the_narrowest_type_that_holds_them(reach, falls, of_weights, of_an_add):
    """Fails with a type without room for high + 1, or chosen before a channel's sign was flipped."""
    for kind, expected in ((QuantLayer, of_weights), (SumLayer, of_an_add)):
        steps = sum_steps(layer(kind, *reach, -1 if falls else 1))
        assert steps.flipped.tolist() == [False, falls]
        assert steps.datatype.name == expected
        assert steps.datatype.min() <= steps.thresholds.min()
        assert steps.thresholds.max() <= steps.datatype.max()


@pytest.mark.parametrize("bits", [3, 4, 8, 24, 25, 32])
def test_a_type_ends_at_its_powers_of_two(bits):
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    assert smallest_type(least, most).name == smallest_type(0, most, signed=True).name == f"INT{bits}"
    assert (
        smallest_type(least - 1, 0).name == smallest_type(0, most + 1, signed=True).name == f"INT{bits + 1}"
    )
    assert smallest_type(0, most).name == f"UINT{bits - 1}"
    assert smallest_type(0, most + 1).name == f"UINT{bits}"
