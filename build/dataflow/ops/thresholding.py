# SPDX-License-Identifier: Apache-2.0
"""FINN's thresholding with thresholds of any width: FINN's own passes them through float32."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.rtl.thresholding_rtl import Thresholding_rtl as FinnThresholding
from numpy.typing import NDArray

from fpgan.build.dataflow.carrier import carried
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.sim.golden import threshold


class Thresholding_rtl(FinnThresholding):
    """x (1,H,W,C), thresholds (C,T) ascending -> how many are reached (1,H,W,C), plus ActVal."""

    def execute_node(self, context: dict[str, np.ndarray], graph: Any) -> None:
        if self.get_nodeattr("exec_mode") != "cppsim":
            super().execute_node(context, graph)
            return
        node = self.onnx_node
        x, steps = (np.rint(context[name]).astype(np.int64) for name in node.input)
        steps = np.broadcast_to(steps, (x.shape[-1], steps.shape[1]))
        context[node.output[0]] = carried(threshold(x, steps, self.get_nodeattr("ActVal")))

    def make_weight_file(self, weights: np.ndarray, weight_file_mode: str, weight_file_name: str) -> None:
        """As FINN's, from integers: of each PE and each stage of the binary search what is compared."""
        if weight_file_mode != "internal_embedded":
            super().make_weight_file(weights, weight_file_mode, weight_file_name)
            return
        folder, pe = Path(os.path.dirname(weight_file_name)), self.get_nodeattr("PE")
        bits = self.get_output_datatype().bitwidth()
        steps = np.rint(weights).astype(np.int64)
        steps = np.pad(steps, ((0, 0), (0, (1 << bits) - 1 - steps.shape[1])))
        if len(steps) == 1:
            steps = np.repeat(steps, pe, 0)
        for stage in range(bits):
            compared = steps[:, (1 << bits - stage - 1) - 1 :: 1 << bits - stage]  # (C, 2^stage)
            for element in range(pe):
                name = f"{self.onnx_node.name}_threshs_{element}_{stage}.dat"
                words: NDArray[np.int64] = compared[element::pe].reshape(-1, 1)
                (folder / name).write_text(hex_words(words, self.get_input_datatype(1).bitwidth()))
