# SPDX-License-Identifier: Apache-2.0
"""hw/rtl/stream/pixel_select.sv: a deconvolution's walk and queue, one step per word, nothing computed."""

from __future__ import annotations

from typing import Any

from fpgan.build.dataflow.costs import QUEUE_WORDS
from fpgan.build.folding.schedule import deconv
from fpgan.build.folding.schedule.stage import Stage

_STAGES = 6  # from the issued step to its word
_CREDITS = QUEUE_WORDS + 1


def stage(op: Any) -> Stage:
    """Of a PixelSelect_rtl node."""
    (rows, cols), words = op.selections, int(op.get_folded_input_shape()[-2])
    blocks = [1] * rows.out, [1] * cols.out
    return deconv.walk(rows, blocks, (words, 1), (op.buffer_rows, cols.size * words), _STAGES, _CREDITS)
