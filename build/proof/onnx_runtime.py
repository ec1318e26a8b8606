# SPDX-License-Identifier: Apache-2.0
"""What ONNX Runtime itself makes of a file, against the golden vectors of its network."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from fpgan.build.frontend.network import Network
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.sim.golden import IntArray
from fpgan.sim.vectors import Vectors

_OWN = ("", "ai.onnx")  # domains
_QUIET = 4  # only what is fatal
_INTEGERS = {"tensor(uint8)": np.uint8, "tensor(int8)": np.int8}


def against_runtime(model: onnx.ModelProto, network: Network, vectors: Vectors) -> dict[str, Any] | None:
    """Count the integers in which ONNX Runtime differs from the vectors' images.

    {"version", "sessions": [{"optimized", "values", "differ", "largest"}]}: as it runs the file by itself,
    then without its optimizations. None for a file that has no QuantizeLinear or has ops that are not ONNX's,
    that it does not run, or whose input is not, value by value, what comes in.
    """
    quantizes = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
    if network.tensors is None or not quantizes or any(n.domain not in _OWN for n in model.graph.node):
        return None
    file = _ending_at(model, network.tensors[1])
    try:
        sessions = [_compared(file, network, vectors, optimized) for optimized in (True, False)]
    except Exception:  # its errors have no class of their own
        return None
    return {"version": onnxruntime.__version__, "sessions": sessions}


def _ending_at(model: onnx.ModelProto, tensor: str) -> bytes:
    """The file with that tensor as its output."""
    ended = onnx.ModelProto()
    ended.CopyFrom(model)
    if tensor not in (value.name for value in model.graph.output):
        del ended.graph.output[:]
        ended.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    return ended.SerializeToString()


def _compared(file: bytes, network: Network, vectors: Vectors, optimized: bool) -> dict[str, Any]:
    options, levels = onnxruntime.SessionOptions(), onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    options.log_severity_level = _QUIET
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    batch = given.shape[0] if isinstance(given.shape[0], int) else 1
    found = []
    for start in range(0, len(vectors.latent), batch):
        part = np.resize(vectors.latent[start : start + batch], (batch, *vectors.latent.shape[1:]))
        x = _as_in_file(part, network.source, given.type).reshape(batch, *given.shape[1:])
        found.append(session.run(None, {given.name: x})[0].reshape(batch, *vectors.image.shape[1:]))
    made = _integers(np.concatenate(found)[: len(vectors.image)], network.target)
    off = np.abs(made - vectors.image)
    return {
        "optimized": optimized,
        "values": off.size,
        "differ": int((off > 0).sum()),
        "largest": int(off.max()),
    }


def _as_in_file(latent: IntArray, source: Quantizer, kind: str) -> np.ndarray:
    """Integers as the file's input has them: floats, or with their zero point."""
    if kind in _INTEGERS:
        return (latent + source.zero).astype(_INTEGERS[kind])
    return (latent * np.float32(source.scale)).astype(np.float32)


def _integers(values: np.ndarray, target: Quantizer) -> IntArray:
    """Floats, or integers with their zero point -> integers."""
    if values.dtype.kind in "iu":
        return values.astype(np.int64) - target.zero
    return np.rint(target(torch.from_numpy(values)).numpy()).astype(np.int64)
