# SPDX-License-Identifier: Apache-2.0
"""What a build makes of a quantized ONNX file, and everything that it would refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpgan.build.dataflow.integer_graph import refusals
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
        result["blocked"] = refusals(network)
    return as_written(Inspect, result)
