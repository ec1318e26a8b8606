# SPDX-License-Identifier: Apache-2.0
"""Sums onto levels along a line per channel, in the place of thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from finn.util.basic import get_dsp_block

from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.ops.hex_words import hex_pairs, hex_words
from fpgan.build.dataflow.ops.image_op import ImageOp
from fpgan.build.dataflow.requantize_costs import LineShape, requantize_cost
from fpgan.sim.golden import IntArray, requantize


class Requantize_rtl(ImageOp):
    """x (1,H,W,C), line (C,2) of multipliers and offsets, marks (C,L+1) -> (1,H,W,C).

    See stream_requantize.sv, and dataflow/lines.py for what a line is.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {
            "shift": ("i", True, 1),
            "low": ("i", True, 0),  # the integer of level 0
            "mark_bits": ("i", True, 0),
            "multiplier_bits": ("i", True, 1),  # unsigned
            "offset_bits": ("i", True, 2),  # signed
            "t_bits": ("i", True, 2),  # of multiplier * x + offset, signed
            "levels": ("i", True, 1),  # the highest
            "core": ("s", True, "lut"),  # or dsp
        }

    def compute(self, x: IntArray, *initializers: IntArray) -> IntArray:
        line, marks = initializers
        shift, low = self.get_nodeattr("shift"), self.get_nodeattr("low")
        return requantize(x, line[:, 0], line[:, 1], shift, marks, low)

    def module(self) -> str:
        return "stream_requantize"

    def source_key(self) -> str:
        return f"stream_requantize_{self.get_nodeattr('core')}"

    @property
    def shape(self) -> LineShape:
        kind = self.get_input_datatype()
        return LineShape(
            self.get_nodeattr("NumChannels"), kind.bitwidth() + (not kind.signed()),
            *(self.get_nodeattr(name) for name in ("multiplier_bits", "offset_bits", "t_bits", "shift",
                                                   "levels", "mark_bits", "core")),
        )  # fmt: skip

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        kind, pe, shape = self.get_input_datatype(), self.get_nodeattr("PE"), self.shape
        return {
            "CHANNELS": shape.channels, "PE": pe, "ACC_BITS": kind.bitwidth(),
            "SIGNED_ACC": int(kind.signed()), "OUT_BITS": self.get_output_datatype().bitwidth(),
            "MULT_BITS": shape.multiplier_bits, "OFFSET_BITS": shape.offset_bits, "T_BITS": shape.t_bits,
            "SHIFT": shape.shift, "LEVELS": shape.levels, "LOW": self.get_nodeattr("low"),
            "MARK_BITS": shape.mark_bits, "DSP_CORE": int(shape.core == "dsp"),
            "DSP_VERSION": {"DSP48E1": 1, "DSP48E2": 2}[get_dsp_block(fpgapart)],
            "FILE": f"./{self.onnx_node.name}", "STYLE": shape.line_style(pe),
            "MARK_STYLE": shape.mark_style(pe),
        }  # fmt: skip

    def write_data(self, model: Any, folder: Path) -> None:
        line, marks = (
            np.rint(model.get_initializer(name)).astype(np.int64) for name in self.onnx_node.input[1:]
        )
        shape, pe, name = self.shape, self.get_nodeattr("PE"), self.onnx_node.name
        multiplier, offset = line.T.reshape(2, -1, pe)
        words = hex_pairs(multiplier, offset, (shape.multiplier_bits, shape.offset_bits))
        (folder / f"{name}_line.dat").write_text(words)
        if not shape.mark_bits:
            return
        padded = np.pad(marks, ((0, 0), (0, (1 << shape.level_bits) - marks.shape[1])))
        for element in range(pe):
            rows = padded[element::pe].reshape(-1, 1)
            (folder / f"{name}_marks_{element}.dat").write_text(hex_words(rows, shape.mark_bits))

    def cost(self, pe: int) -> Cost:
        """Of so many channels at once."""
        return requantize_cost(pe, self.shape)

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).lut

    def dsp_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).dsp

    def bram_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).bram18
