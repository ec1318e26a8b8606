# SPDX-License-Identifier: Apache-2.0
"""Signs behind a transposed convolution go into its weights."""

from __future__ import annotations

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.constants import attribute


class AbsorbSignIntoConvTranspose(Transformation):
    """What FINN's FactorOutMulSignMagnitude leaves where a norm's gamma is negative:

        x -> ConvTranspose(W) -> Mul(signs, +1 or -1 per channel) -> y
        x -> ConvTranspose(W, those channels negated) -> y

    FINN does so for Conv and MatMul, and only where the negated weights fit their type; here the type grows.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        changed = False
        for node in model.get_nodes_by_op_type("ConvTranspose"):
            after = model.find_consumers(node.output[0])
            weights = model.get_initializer(node.input[1])
            if weights is None or len(after) != 1 or after[0].op_type != "Mul" or len(node.input) > 2:
                continue
            signs = model.get_initializer(after[0].input[1])
            channels = weights.shape[1] * int(attribute(node, "group", 1))
            if signs is None or not (np.abs(signs) == 1).all() or signs.size not in (1, channels):
                continue
            _negate(model, node.input[1], np.broadcast_to(signs.reshape(-1), (channels,)), channels)
            node.output[0] = after[0].output[0]
            model.graph.node.remove(after[0])
            changed = True
        return model, changed


def _negate(model: ModelWrapper, name: str, signs: np.ndarray, channels: int) -> None:
    weights = model.get_initializer(name)
    groups = channels // weights.shape[1]
    inputs = weights.shape[0] // groups
    signed = weights * np.repeat(signs.reshape(groups, -1), inputs, 0)[:, :, None, None]
    model.set_initializer(name, signed.astype(np.float32))
    if model.get_tensor_datatype(name).is_integer():
        kind = smallest_type(int(signed.min()), int(signed.max()), signed=True)
        model.set_tensor_datatype(name, kind)
