# SPDX-License-Identifier: Apache-2.0
"""FINN's folding by a target of cycles, with our layers in it."""

from __future__ import annotations

import itertools
import math
from typing import Any

from finn.transformation.fpgadataflow.set_folding import SetFolding as FinnSetFolding
from finn.util.logging import log
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.streams import MAX_STREAM_BITS
from fpgan.build.folding.channels import folds
from fpgan.build.folding.options import DEEPEST_IN_LUTS

_OURS = ("Deconv_rtl", "Deconv_hls")
# RTL of layers that FINN folds as HLS
_BY_CHANNELS = {
    "FMPadding_Pixel_rtl": "SIMD", "DuplicateStreams_rtl": "PE", "StreamingConcat_rtl": "SIMD",
    "Add_rtl": "PE",
}  # fmt: skip


class SetFolding(FinnSetFolding):
    """As FINN's, and a Deconv takes the fewest lanes with which it meets the target.

    Channels before taps: PE outputs and SIMD inputs of a group, or whole groups, at once; several taps where
    all inputs are. A maximum takes the fewest channels at once with which it and the window generator in
    front of it do, and the generator as many. Where the slowest layer misses the target, all are folded for
    what it reaches, as by FINN.
    """

    two_pass_relaxation: bool  # FINN's, untyped

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        relax = self.two_pass_relaxation
        self.two_pass_relaxation = False
        self._fold(model)
        model, _ = super().apply(model)
        slowest = max((_cycles(node) for node in model.graph.node), default=0)
        if relax and slowest > self.target_cycles_per_frame:
            log.warning(f"the slowest layer takes {slowest} cycles; all are folded for so many")
            again = SetFolding(slowest, self.mvau_wwidth_max, two_pass_relaxation=False)
            model = model.transform(again)
        return model, False

    def _fold(self, model: ModelWrapper) -> None:
        for node in model.graph.node:
            op = getCustomOp(node)
            if node.op_type in _OURS:
                _fold(op, self.target_cycles_per_frame)
            elif node.op_type == "Pool_rtl":
                self._fold_pool(op, getCustomOp(model.find_producer(node.input[0])))
            elif node.op_type in _BY_CHANNELS:
                self.optimize_attribute_val(op, _shared_channels(op), _BY_CHANNELS[node.op_type])

    def _fold_pool(self, pool: Any, windows: Any) -> None:
        """With the window generator, which FINN leaves to the layer behind it."""
        channels = int(pool.get_nodeattr("Channels"))
        for pe in (n for n in range(1, channels + 1) if channels % n == 0):
            pool.set_nodeattr("PE", pe)
            windows.set_nodeattr("SIMD", pe)
            windows.set_nodeattr("parallel_window", 0)
            if max(op.get_exp_cycles() for op in (pool, windows)) <= self.target_cycles_per_frame:
                return


def _shared_channels(op: Any) -> int:
    """What a number of channels at once has to divide."""
    if op.onnx_node.op_type == "StreamingConcat_rtl":
        return math.gcd(*(int(n) for n in op.get_nodeattr("ChannelsPerStream")))
    return int(op.get_nodeattr("NumChannels"))


def _cycles(node: Any) -> int:
    return int(getCustomOp(node).get_exp_cycles())


def _fold(op: Any, target: int) -> None:
    """The fewest lanes for at most `target` cycles, else for the fewest; of equal lanes the fewest cycles."""
    best: tuple[tuple[int, int, int], tuple[int, int], tuple[int, int]] | None = None
    geometry, groups = op.geometry, op.groups
    act, acc = op.get_input_datatype().bitwidth(), op.get_output_datatype().bitwidth()
    for pe, simd in folds(op.get_nodeattr("CI"), op.get_nodeattr("CO"), groups):
        if max(pe * acc, simd * act) > MAX_STREAM_BITS:
            continue
        op.set_nodeattr("PE", pe)
        op.set_nodeattr("SIMD", simd)
        for taps in itertools.product(geometry.rows.pars, geometry.cols.pars):
            if taps != (1, 1) and op.fold[1] > 1:
                continue
            cycles, lanes = geometry.steps(*op.fold, taps), pe * simd // op.at_once * math.prod(taps)
            rank = (max(cycles, target), lanes, cycles)
            if best is None or rank < best[0]:
                best = rank, (pe, simd), taps
    assert best is not None  # PE = SIMD = 1 is always one
    (op_pe, op_simd), taps = best[1:]
    op.set_nodeattr("PE", op_pe)
    op.set_nodeattr("SIMD", op_simd)
    op.set_nodeattr("taps", list(taps))
    if op.onnx_node.op_type == "Deconv_rtl":
        deep = op.shape().weight_words > DEEPEST_IN_LUTS
        op.set_nodeattr("weight_memory", "block" if deep else "distributed")
