# SPDX-License-Identifier: Apache-2.0
"""How a quantized ONNX file is read: layer by layer, and what stands in its way."""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from onnx import NodeProto

from fpgan.build.frontend.ends import Ends
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.network import (
    ConcatLayer,
    FunctionLayer,
    Layer,
    Network,
    QuantLayer,
    SumLayer,
    ThresholdLayer,
)
from fpgan.build.frontend.read import Reader, check_supported
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.frontend.select_layer import SelectLayer


def layer_table(
    model: str | Path, input: str | None = None, output: str | None = None
) -> tuple[dict[str, Any], Network | None]:
    """What `dataflow.inspect` returns, as far as reading goes; and the network, unless that is blocked."""
    path, ends = Path(model), Ends.parse(input, output)
    proto = load_model(path)
    result: dict[str, Any] = {"file": str(path), "input": None, "layers": [], "notes": [], "blocked": []}
    seen: list[NodeProto] = []
    reader: Reader | None = None
    network: Network | None = None
    try:
        reader = Reader(proto, ends)
        seen.extend(reader.steps())
        network = reader.finish()
    except UnsupportedError as error:
        result["blocked"] = [str(error), *_others(list(proto.graph.node), seen, str(error))]
    if reader is not None:
        state = reader.assembler
        result["input"] = {"shape": list(state.dims), "quantizer": str(state.source or "none")}
        result["layers"] = [_row(i, layer) for i, layer in enumerate(state.layers)]
        result["notes"] = list(state.notes)
    return result, network


def _others(nodes: list[NodeProto], seen: list[NodeProto], first: str) -> list[str]:
    """Further nodes whose op is not read, wherever they stand."""
    lines = []
    names = {id(node) for node in seen}
    for node in nodes:
        if id(node) in names or node.op_type in ("Constant", "Shape"):
            continue
        try:
            check_supported(node)
        except UnsupportedError as error:
            if "supported are" in str(error):
                lines.append(str(error).split("; supported are")[0])
            else:
                lines.append(str(error))
    return [line for line in lines if not first.startswith(line)]


@singledispatch
def _described(layer: Layer, index: int) -> dict[str, Any]:
    """What a row says of one kind of layer."""
    raise NotImplementedError(type(layer).__name__)


@_described.register
def _(layer: QuantLayer, index: int) -> dict[str, Any]:
    linear = layer.linear
    regrouped = "" if layer.regroup is None else f" + regroup_{index}"
    return {
        "in": [int(linear.weights.shape[0]), *linear.size],
        "kernel": list(linear.kernel), "stride": list(linear.stride), "pads": list(linear.pads),
        "step": list(linear.step), "dilation": list(linear.dilation),
        "weight_bits": _signed_bits(int(linear.weights.min()), int(linear.weights.max())),
        "weight_scale": _scale(layer.weight_scale), "accumulator_bits": _accumulator_bits(layer),
        "becomes": f"deconv_{index} + {_threshold(index, layer)}{regrouped}",
        "useful_macs": linear.useful_macs,
    }  # fmt: skip


@_described.register
def _(layer: SumLayer, index: int) -> dict[str, Any]:
    return {
        "in": list(layer.dims), "factors": list(layer.factors), "accumulator_bits": _accumulator_bits(layer),
        "becomes": f"add_{index} + {_threshold(index, layer)}",
    }  # fmt: skip


@_described.register
def _(layer: FunctionLayer, index: int) -> dict[str, Any]:
    return {
        "in": list(layer.dims), "accumulator_bits": _accumulator_bits(layer),
        "becomes": f"lookup_{index}, or {_threshold(index, layer)}",
    }  # fmt: skip


@_described.register
def _(layer: ConcatLayer, index: int) -> dict[str, Any]:
    return {"in": [list(dims) for dims in layer.images], "becomes": f"concat_{index}"}


@_described.register
def _(layer: SelectLayer, index: int) -> dict[str, Any]:
    return {"in": list(layer.image), "becomes": f"pixel_select_{index}"}


def _row(index: int, layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name, "ops": list(layer.ops), "inputs": list(layer.inputs), **_EMPTY,
        "out": list(layer.dims), "output": str(layer.target), "notes": list(layer.notes),
        **_described(layer, index),
    }  # fmt: skip


_EMPTY: dict[str, Any] = {
    "in": None, "out": None, "kernel": None, "stride": None, "pads": None, "step": None, "dilation": None,
    "factors": None, "weight_bits": None, "weight_scale": None, "accumulator_bits": None, "output": None,
    "becomes": None, "useful_macs": 0,
}  # fmt: skip


def _threshold(index: int, layer: ThresholdLayer) -> str:
    steps = len(layer.target.values) - 1
    return f"threshold_{index} ({steps} step{'s' if steps > 1 else ''})"


def _accumulator_bits(layer: ThresholdLayer) -> int:
    low, high = layer.acc_range
    return _signed_bits(int(low.min()), int(high.max()))


def _scale(scale: np.ndarray) -> str:
    if scale.ndim == 0:
        return f"{float(scale):.6g}"
    return f"{scale.size} of {float(scale.min()):.4g}..{float(scale.max()):.4g}"


def _signed_bits(low: int, high: int) -> int:
    return max((-low - 1).bit_length() + 1 if low < 0 else 1, high.bit_length() + 1 if high > 0 else 1)
