# SPDX-License-Identifier: Apache-2.0
"""FINN's thresholding with thresholds of any width, loaded or not: FINN's own passes them through float32."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.rtl.thresholding_rtl import Thresholding_rtl as FinnThresholding
from finn.util.settings import get_settings
from numpy.typing import NDArray

from fpgan.build.dataflow.carrier import carried
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.build.dataflow.ops.loaded import LoadedOp, Section
from fpgan.build.dataflow.ops.wrapper import Wrapper
from fpgan.hw.sources import sources
from fpgan.sim.golden import threshold


class Thresholding_rtl(LoadedOp, FinnThresholding):
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
            steps = np.repeat(steps, self.get_nodeattr("NumChannels") if self.tiles > 1 else pe, 0)
        steps = self._sets(steps, pe)
        for stage in range(bits):
            compared = steps[:, (1 << bits - stage - 1) - 1 :: 1 << bits - stage]  # (C, 2^stage)
            for element in range(pe):
                name = f"{self.onnx_node.name}_threshs_{element}_{stage}.dat"
                words: NDArray[np.int64] = compared[element::pe].reshape(-1, 1)
                (folder / name).write_text(hex_words(words, self.get_input_datatype(1).bitwidth()))

    def _sets(self, steps: NDArray[np.int64], pe: int) -> NDArray[np.int64]:
        """Steps (C,T) as FINN's module has sets of them, one for each tile: folds up to a power of two."""
        if self.tiles == 1:
            return steps
        folds = len(steps) // self.tiles // pe
        sets = steps.reshape(self.tiles, folds, pe, -1)
        padded = np.pad(sets, ((0, 0), (0, (1 << (folds - 1).bit_length()) - folds), (0, 0), (0, 0)))
        return padded.reshape(-1, steps.shape[1])

    # -- thresholds that are loaded, or of tiles: modules of ours around FINN's -----------------------------
    def section(self, model: Any) -> Section:
        channels, pe, count = (self.get_nodeattr(name) for name in ("NumChannels", "PE", "numSteps"))
        steps = np.rint(model.get_initializer(self.onnx_node.input[1])).astype(np.int64)
        steps = np.broadcast_to(steps, (channels, count)).reshape(channels // pe, pe, count)
        places, most = ((1 << (n - 1).bit_length()) for n in (pe, count))
        words = np.zeros((channels // pe, places, most), np.int64)
        words[:, :pe, :count] = steps
        bits = self.get_input_datatype(1).bitwidth()
        return Section.of(self.onnx_node.name, words.reshape(-1, 1), bits)

    def _module(self) -> str | None:
        """Of ours; None where FINN's stands alone."""
        return "thresholding_loaded" if self.loaded else "thresholding_tiles" if self.tiles > 1 else None

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        module = self._module()
        if module is None:
            super().generate_hdl(model, fpgapart, clk)
            return
        folder, name = Path(self.get_nodeattr("code_gen_dir_ipgen")), self.onnx_node.name
        for attribute in ("ipgen_path", "ip_path"):
            self.set_nodeattr(attribute, str(folder))
        self.set_nodeattr("gen_top_module", name)
        kind, tiled = self.get_input_datatype(), dict[str, int | str]()
        if self.tiles > 1:
            self.generate_params(model, str(folder))
            pixels = math.prod(int(n) for n in self.get_nodeattr("numInputVectors"))
            tiled = {"TILES": self.tiles, "BATCH": self.batch, "PIXELS": pixels, "PATH": f"./{name}_"}
        wrapper = Wrapper(
            name,
            module,
            {
                "WI": kind.bitwidth(), "WT": self.get_input_datatype(1).bitwidth(),
                "N": self.get_nodeattr("numSteps"), "C": self.get_nodeattr("NumChannels") // self.tiles,
                "PE": self.get_nodeattr("PE"), "SIGNED": int(kind.signed()),
                "BIAS": self.get_nodeattr("ActVal"), "DEEP_PIPELINE": self.get_nodeattr("deep_pipeline"),
                **tiled,
            },
            chain=True if self.loaded else None,
        )  # fmt: skip
        streams = {
            "s_axis": [("in0_V", self.get_instream_width_padded())],
            "m_axis": [("out0_V", self.get_outstream_width_padded())],
        }
        (folder / f"{name}.v").write_text(wrapper.text(streams), encoding="utf-8")

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        module = self._module()
        if module is None:
            return list(super().get_rtl_file_list(abspath))
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        paths = [
            *sources(module, Path(get_settings().finn_rtllib)),
            folder / f"{self.get_nodeattr('gen_top_module')}.v",
        ]
        return [str(path) if abspath else path.name for path in paths]
