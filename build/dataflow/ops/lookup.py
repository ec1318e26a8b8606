# SPDX-License-Identifier: Apache-2.0
"""A function of each element by a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.build.dataflow.ops.image_op import ImageOp
from fpgan.sim.golden import IntArray, lookup


class Lookup_rtl(ImageOp):
    """x (1,H,W,C), table (1 or C, 2^bits of x) -> its entries (1,H,W,C); see stream_lookup.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {"rows": ("i", False, 1)}  # of the table: 1, or NumChannels

    def compute(self, x: IntArray, *initializers: IntArray) -> IntArray:
        return lookup(x, initializers[0])

    @property
    def shared(self) -> bool:
        """One row for all channels."""
        return int(self.get_nodeattr("rows")) == 1

    def module(self) -> str:
        return "stream_lookup"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        return {
            "CHANNELS": self.get_nodeattr("NumChannels"), "PE": self.get_nodeattr("PE"),
            "IN_BITS": self.get_input_datatype().bitwidth(),
            "OUT_BITS": self.get_output_datatype().bitwidth(),
            "SHARED": int(self.shared), "FILE": f"./{self.onnx_node.name}_table",
            "STYLE": costs.lookup_style(self._table_words(self.get_nodeattr("PE"))),
        }  # fmt: skip

    def write_data(self, model: Any, folder: Path) -> None:
        table = np.rint(model.get_initializer(self.onnx_node.input[1])).astype(np.int64)
        pe = self.get_nodeattr("PE")
        for element in range(1 if self.shared else pe):
            words = table[element::pe].reshape(-1, 1)
            name = f"{self.onnx_node.name}_table_{element}.dat"
            (folder / name).write_text(hex_words(words, self.get_output_datatype().bitwidth()))

    def _table_words(self, pe: int) -> int:
        rows = 1 if self.shared else self.get_nodeattr("NumChannels") // pe
        return int(rows << self.get_input_datatype().bitwidth())

    def cost(self, pe: int) -> costs.Cost:
        """Of so many channels at once."""
        return costs.lookup_cost(pe, self._table_words(pe), self.get_output_datatype().bitwidth())

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).lut

    def bram_estimation(self, fpgapart: str) -> int:
        return self.cost(self.get_nodeattr("PE")).bram18
