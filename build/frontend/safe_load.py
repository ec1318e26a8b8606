# SPDX-License-Identifier: Apache-2.0
"""Read an ONNX file that may be anybody's: nothing outside its folder is opened, no size is believed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import TensorProto, helper
from onnx.external_data_helper import load_external_data_for_tensor

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.hw.system.text import brief, first_line

_MAX_FILE = 2**31 - 1  # what protobuf itself can hold
_MAX_NODES = 100_000
OPSETS = (9, 25)
_GRAPH_ATTRIBUTES = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def load_model(path: Path | str) -> onnx.ModelProto:
    """The model with its external data inside. ValueError, one line, where it is none or is unsafe."""
    path = Path(path)
    model = _parse(path)
    _check_graph(path, model)
    for tensor in _tensors(model):
        _check_size(path, tensor)
        if tensor.data_location == TensorProto.EXTERNAL:
            _load_external(path, tensor)
    for value in model.graph.output:
        if value.type.WhichOneof("value") == "tensor_type":  # the checker wants a shape, nothing else does
            value.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model, full_check=False)
    except Exception as error:
        raise ValueError(f"{path}: not a valid ONNX file ({first_line(error)})") from None
    return model


def _parse(path: Path) -> onnx.ModelProto:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    if not path.is_file():
        raise ValueError(f"{path}: is no file")
    if size > _MAX_FILE:
        raise ValueError(f"{path}: {size} bytes; at most {_MAX_FILE} (use external data for weights)")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except PermissionError:
        raise ValueError(f"{path}: cannot be read") from None
    except Exception as error:
        raise ValueError(f"{path}: not a valid ONNX file ({first_line(error)})") from None
    if not model.graph.node:
        raise ValueError(f"{path}: not a valid ONNX file (a graph without nodes)")
    return model


def _check_graph(path: Path, model: onnx.ModelProto) -> None:
    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    if not versions or not OPSETS[0] <= versions[0] <= OPSETS[1]:
        found = versions[0] if versions else "none"
        raise ValueError(f"{path}: opset {found}; {OPSETS[0]} to {OPSETS[1]} are supported")
    if model.functions:
        raise ValueError(
            f"{path}: holds local functions; export without them (inline them with onnx.inliner)"
        )
    if model.graph.sparse_initializer:
        raise ValueError(f"{path}: holds sparse tensors; dense ones are supported")
    if len(model.graph.node) > _MAX_NODES:
        raise ValueError(f"{path}: {len(model.graph.node)} nodes; at most {_MAX_NODES}")
    for node in model.graph.node:
        if any(a.type in _GRAPH_ATTRIBUTES for a in node.attribute):
            raise UnsupportedError.at(node, "control flow; layers without it are supported")


def _tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                yield attribute.t


def _check_size(path: Path, tensor: TensorProto) -> None:
    if any(d < 0 for d in tensor.dims) or math.prod(tensor.dims) > _MAX_FILE:
        raise ValueError(
            f"{path}: tensor {brief(tensor.name)} of shape {brief(list(tensor.dims))}: is too large"
        )


def _load_external(path: Path, tensor: TensorProto) -> None:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location, folder = entries.get("location", ""), path.parent.resolve()
    where, shown = f"{path}: tensor {brief(tensor.name)}", f"'{brief(location)}'"
    try:
        file = (folder / location).resolve()
        inside = bool(location) and not Path(location).is_absolute() and file.is_relative_to(folder)
        missing = not file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        inside = missing = True
    if not inside:
        raise ValueError(f"{where} lies outside the model's folder ({shown})")
    if missing:
        raise ValueError(f"{path}: its external data {shown} is missing")
    try:
        offset, available = int(entries.get("offset", 0)), file.stat().st_size
        wanted = int(entries.get("length", available - offset))
        needed = math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (ValueError, KeyError):
        raise ValueError(f"{where}: broken external data entry") from None
    if min(offset, wanted) < 0 or offset + wanted > available or (tensor.data_type < 20 and wanted != needed):
        raise ValueError(
            f"{where}: bytes {offset} to {offset + wanted} of {shown}, which has {available}; its shape "
            f"needs {needed}"
        )
    load_external_data_for_tensor(tensor, str(folder))
    tensor.data_location = TensorProto.DEFAULT
    del tensor.external_data[:]
