# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/stream_requantize.sv: a pipeline and the queue behind it, as FINN's thresholding."""

from __future__ import annotations

from typing import Any

from fpgan.build.folding.schedule.stage import THRESHOLD, Stage

_ROM, _DSP = 3, 6  # cycles of a memory, of a multiplication in a DSP slice


def stage(op: Any) -> Stage:
    """Of a Requantize_rtl node; registers as of `thresholding.stage`."""
    multiply = _DSP if op.get_nodeattr("core") == "dsp" else op.get_nodeattr("multiplier_bits") // 2 + 2
    stages = _ROM + multiply + 1 + (_ROM + 3 if op.get_nodeattr("mark_bits") else 1)
    room = stages + 4
    return Stage.of(THRESHOLD, [stages + 1, room], [0, 0, 0, 0, 0] + [0] * room)
