# SPDX-License-Identifier: Apache-2.0
"""Transposed convolutions of every geometry, as FINN's streamlining leaves them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import qonnx_make_model

GEOMETRIES = [  # rows, columns, kernel, attributes of ConvTranspose
    (4, 4, (4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    (1, 1, (4, 3), {}),
    (3, 2, (3, 3), {"strides": [2, 3], "pads": [1, 0, 0, 1], "output_padding": [1, 0]}),
    (3, 3, (3, 2), {"dilations": [2, 1], "group": 2}),
    (3, 3, (3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    (3, 3, (4, 4), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    (2, 3, (3, 3), {"strides": [2, 2], "output_shape": [5, 6]}),
]


def transposed(rows: int, cols: int, kernel: tuple[int, int], **attributes: object) -> ModelWrapper:
    """One ConvTranspose of 4 channels on UINT4, INT3 weights."""
    rng, groups = np.random.default_rng(0), int(attributes.get("group", 1))
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="up", kernel_shape=kernel, **attributes)
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 4, rows, cols]), ("y", None))]  # fmt: skip
    model = ModelWrapper(qonnx_make_model(helper.make_graph([node], "up", infos[:1], infos[1:])))
    model.set_initializer("w", rng.integers(-4, 4, (4, 6 // groups, *kernel)).astype(np.float32))
    for name, kind in (("x", "UINT4"), ("w", "INT8")):
        model.set_tensor_datatype(name, DataType[kind])
    return model.transform(InferShapes())
