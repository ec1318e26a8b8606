# SPDX-License-Identifier: Apache-2.0
"""Room for the weights of another training: sums as wide as any weights of the same bits can make them."""

from __future__ import annotations

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.linear import IntArray, accumulator_range


def widen(model: ModelWrapper) -> None:
    """Let every Deconv_rtl of a lowered graph, and the thresholds behind it, hold what any weights sum to.

    Weights keep their bits, of which they may then take every value; thresholds one value more than the sums.
    """
    for node in model.get_nodes_by_op_type("Deconv_rtl"):
        op, steps = getCustomOp(node), model.find_consumers(node.output[0])[0]
        kind, taken = op.get_input_datatype(1), op.get_input_datatype()
        reach: list[IntArray] = []
        for value in (int(kind.min()), int(kind.max())):
            weights = np.full(op.get_normal_input_shape(1), value, np.int64)
            reach += accumulator_range(weights, op.geometry, op.groups, int(taken.min()), int(taken.max()))
        low, high = min(int(r.min()) for r in reach), max(int(r.max()) for r in reach)
        sums = smallest_type(low, high + 1, signed=True)
        op.set_nodeattr("narrow_weights", 0)
        op.set_nodeattr("outputDataType", sums.name)
        model.set_tensor_datatype(node.output[0], sums)
        getCustomOp(steps).set_nodeattr("inputDataType", sums.name)
        if steps.op_type == "Thresholding_rtl":
            getCustomOp(steps).set_nodeattr("weightDataType", sums.name)
            model.set_tensor_datatype(steps.input[1], sums)
