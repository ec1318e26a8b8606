# SPDX-License-Identifier: Apache-2.0
"""What `fpgan inspect` prints for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fpgan.hw.system.text import brief


def print_layers(result: dict[str, Any]) -> None:
    """What `inspect` returns: input, a table of the layers, notes, and what blocks a build."""
    console = Console(highlight=False)
    if result["input"]:
        shape = "x".join(map(str, result["input"]["shape"]))
        console.print(f"input {shape}, {escape(result['input']['quantizer'])}")
    if result["layers"]:
        console.print(_table(result["layers"]))
    for layer in result["layers"]:
        for note in layer["notes"]:
            console.print(f"{escape(brief(layer['name']))}: {escape(note)}")
    for note in result["notes"]:
        console.print(escape(note))
    for line in result["blocked"]:
        console.print(f"[red]blocked:[/red] {escape(line)}", soft_wrap=True)


def _table(layers: list[dict[str, Any]]) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_lines=True)
    for name in ("layer", "image", "geometry", "weights", "sums", "becomes"):
        table.add_column(name, overflow="fold")
    for index, layer in enumerate(layers):
        table.add_row(
            f"{escape(brief(layer['name']))}\n[dim]{escape(' '.join(layer['ops']))}[/dim]",
            f"{_images(index, layer)}\nto {_by(layer['out'])}", _geometry(layer), _weights(layer),
            "" if layer["accumulator_bits"] is None else f"{layer['accumulator_bits']} bits",
            f"{layer['becomes']}\n{escape(layer['output'])}",
        )  # fmt: skip
    return table


def _images(index: int, layer: dict[str, Any]) -> str:
    """Shapes of the inputs, each with the layer it comes from where that is not the one above."""
    shapes = layer["in"] if isinstance(layer["in"][0], list) else [layer["in"]] * len(layer["inputs"])
    named = (_by(shape) + _origin(index, i) for shape, i in zip(shapes, layer["inputs"], strict=True))
    return "\n".join(named)


def _origin(index: int, image: int) -> str:
    if image == index:
        return ""
    return f" of layer {image - 1}" if image else " of the input"


def _geometry(layer: dict[str, Any]) -> str:
    """As of a transposed convolution; 1 in 2x2: of so many outputs one is kept."""
    if layer["kernel"] is None:
        return "side by side" if layer["factors"] is None else "sum"
    kept = "" if layer["step"] == [1, 1] else f"\n1 in {_by(layer['step'])}"
    pads = ",".join(map(str, layer["pads"]))
    return f"k{_by(layer['kernel'])} s{_by(layer['stride'])}\np{pads}{kept}"


def _weights(layer: dict[str, Any]) -> str:
    if layer["kernel"] is not None:
        return f"{layer['weight_bits']} bits\nx {layer['weight_scale']}"
    return "" if layer["factors"] is None else f"factors {layer['factors'][0]}, {layer['factors'][1]}"


def _by(sizes: list[int]) -> str:
    return "x".join(map(str, sizes))
