# SPDX-License-Identifier: Apache-2.0
"""Sum of two images, each with a constant factor: where a residual path comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.joining_op import JoiningOp
from fpgan.sim.golden import IntArray, weighted_sum


class Add_rtl(JoiningOp):
    """a, b (1,H,W,C) -> accumulators (1,H,W,C), factors[0]*a + factors[1]*b; see stream_add.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {
            "factors": ("ints", False, [1, 1]),
            "negated": ("ints", False, []),  # 1 for each channel whose sum is negated; none given: no channel
        }

    @property
    def factors(self) -> list[int]:
        return [int(factor) for factor in self.get_nodeattr("factors")]

    @property
    def negated(self) -> list[int]:
        return [int(flag) for flag in self.get_nodeattr("negated")]

    def compute(self, x: IntArray, *others: IntArray) -> IntArray:
        return weighted_sum([x, *others], self.factors, self.negated)

    def module(self) -> str:
        return "stream_add"

    def parameters(self, fpgapart: str) -> dict[str, int | str | tuple[int, ...]]:
        types = [self.get_input_datatype(ind) for ind in range(2)]
        return {
            "PE": self.get_nodeattr("PE"), "CHANNELS": self.get_nodeattr("NumChannels"),
            "NEGATED": flag_words(self.negated or [0]), "ACC_BITS": self.get_output_datatype().bitwidth(),
            **{f"BITS_{i}": t.bitwidth() for i, t in enumerate(types)},
            **{f"SIGNED_{i}": int(t.signed()) for i, t in enumerate(types)},
            **{f"FACTOR_{i}": factor for i, factor in enumerate(self.factors)},
        }  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).lut

    def in_bits(self) -> int:
        """Of an element of the wider input."""
        return max(self.get_input_datatype(ind).bitwidth() for ind in range(2))

    def cost(self, pe: int) -> costs.Cost:
        """Of so many channels at once."""
        turned = self.get_output_datatype().bitwidth() if any(self.negated) else 0
        return costs.add_cost(pe, self.in_bits(), self.factors, turned)


def flag_words(flags: Sequence[int]) -> tuple[int, ...]:
    """Flags as words of 32 bits, the first one lowest."""
    return tuple(
        sum(flag << i for i, flag in enumerate(flags[start : start + 32]))
        for start in range(0, len(flags), 32)
    )
