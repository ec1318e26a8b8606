# SPDX-License-Identifier: Apache-2.0
"""An image whose every pixel is one of another's: borders that mirror or repeat it, pixels left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.build.dataflow.ops.image_op import ImageOp
from fpgan.hw.geometry import Selection
from fpgan.sim.golden import IntArray, select


class PixelSelect_rtl(ImageOp):
    """x (1,H,W,C) -> (1,OH,OW,C) of its rows and columns; see pixel_select.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        more: dict[str, Any] = {key: ("ints", True, []) for key in ("rows", "cols")}  # of x, picked
        return super().get_nodeattr_types() | more

    @property
    def selections(self) -> tuple[Selection, Selection]:
        """Of rows, of columns."""
        (h, w), picked = self.get_nodeattr("size"), (self.get_nodeattr(k) for k in ("rows", "cols"))
        rows, cols = (tuple(int(i) for i in indices) for indices in picked)
        return Selection(int(h), rows), Selection(int(w), cols)

    @property
    def buffer_rows(self) -> int:
        """Those held at once, and as many as the next image's first row waits for."""
        rows, _ = self.selections
        return rows.held() + max(1, rows.needed()[0])

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        rows, cols = self.selections
        return [1, rows.out, cols.out, int(self.get_nodeattr("NumChannels"))]

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        *shape, channels = self.get_normal_output_shape()
        return [*shape, channels // self.get_nodeattr("PE"), self.get_nodeattr("PE")]

    def get_exp_cycles(self) -> int:
        shapes = self.get_folded_input_shape(), self.get_folded_output_shape()
        return max(int(np.prod(shape[:-1])) for shape in shapes)

    def compute(self, x: IntArray, *initializers: IntArray) -> IntArray:
        rows, cols = self.selections
        return select(x, rows.picked, cols.picked)

    # -- hardware -------------------------------------------------------------------------------------
    def module(self) -> str:
        return "pixel_select"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        rows, cols = self.selections
        return {
            "H": rows.size, "W": cols.size, "OH": rows.out, "OW": cols.out,
            "CF": self.get_folded_input_shape()[-2], "WIDTH": self.get_instream_width(),
            "ROWS": self.buffer_rows, "ROW_TABLE": f"./{self.onnx_node.name}_rows.dat",
            "COLUMN_TABLE": f"./{self.onnx_node.name}_columns.dat",
            "BUFFER_STYLE": costs.buffer_style(self._buffer_words(self.get_nodeattr("PE"))),
        }  # fmt: skip

    def write_data(self, model: Any, folder: Path) -> None:
        rows, cols = self.selections
        released, needed = (0, *rows.released()), (0, *rows.needed())
        entries = np.stack([np.array(rows.picked) - released[:-1], np.diff(needed), np.diff(released)], 1)
        name = self.onnx_node.name
        (folder / f"{name}_rows.dat").write_text(hex_words(entries, rows.size.bit_length()))
        columns = np.array(cols.picked).reshape(-1, 1)
        (folder / f"{name}_columns.dat").write_text(hex_words(columns, cols.size.bit_length()))

    # -- estimates --------------------------------------------------------------------------------------
    def _buffer_words(self, pe: int) -> int:
        return self.buffer_rows * int(self.selections[1].size) * int(self.get_nodeattr("NumChannels")) // pe

    def cost(self, pe: int) -> costs.Cost:
        """Of so many channels at once."""
        return costs.select_cost(pe * self.get_input_datatype().bitwidth(), self._buffer_words(pe))

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).lut

    def bram_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).bram18
