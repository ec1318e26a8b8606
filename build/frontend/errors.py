# SPDX-License-Identifier: Apache-2.0
"""The error that a graph which cannot be built ends in."""

from __future__ import annotations

from onnx import NodeProto

from fpgan.hw.system.text import brief


class UnsupportedError(ValueError):
    """One line: which node, what about it, what is possible instead."""

    @classmethod
    def at(cls, node: NodeProto, what: str) -> UnsupportedError:
        return cls(f"{layer_name(node_name(node), node.op_type)}: {what}")


def layer_name(name: str, op: str) -> str:
    """What every line about a layer starts with."""
    return f"layer {brief(name)} ({brief(op)})"


def node_name(node: NodeProto) -> str:
    """A node's own name, or that of what it puts out."""
    return str(node.name or (node.output[0] if node.output else node.op_type))
