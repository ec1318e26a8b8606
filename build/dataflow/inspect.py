# SPDX-License-Identifier: Apache-2.0
"""What a build makes of a quantized ONNX file, and everything that it would refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.integer_graph import integers_or_refusals
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.requantizers import line_size, possible
from fpgan.build.frontend.inspect import layer_table
from fpgan.build.frontend.inspect_file import Inspect
from fpgan.hw.system.fields import as_written


def inspect(model: str | Path, input: str | None = None, output: str | None = None) -> dict[str, Any]:
    """The layer table of an ONNX file, whether or not it can be built.

        from fpgan.build.dataflow.inspect import inspect
        for layer in inspect("generator.onnx")["layers"]:
            print(layer["name"], layer["becomes"])

    input, output: as `build` takes them.

    Returns what `inspect_file.Inspect` says; what a kind of layer has not is None.
    `blocked` is empty where `build` takes the file: thresholds are found and checked as there. Where reading
    is blocked, layers are those before the first obstacle. Raises ValueError where the file is no ONNX file
    that can be read at all.
    """
    result, network = layer_table(model, input, output)
    if network is not None:
        integers, result["blocked"] = integers_or_refusals(network)
        if integers is not None:
            _name_requantizers(result["layers"], lower(integers))
    return as_written(Inspect, result)


def _name_requantizers(layers: list[dict[str, Any]], dataflow: ModelWrapper) -> None:
    """Beside thresholds, where a line could take their place, the one with the least memory."""
    for node in dataflow.get_nodes_by_op_type("Thresholding_rtl"):
        found = possible(dataflow, node)
        if found:
            index = int(node.name.rpartition("_")[2])
            least = min(found, key=lambda one: (line_size(one.shape).memory_bits, one.shape.core != "lut"))
            said = rf"\g<0> or requantize_{index} ({least})"
            layers[index]["becomes"] = re.sub(rf"{node.name} \(.*?\)", said, layers[index]["becomes"])
