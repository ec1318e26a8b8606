# SPDX-License-Identifier: Apache-2.0
"""The error that a graph which cannot be built ends in."""

from __future__ import annotations

from onnx import NodeProto


class UnsupportedError(ValueError):
    """One line: which node, what about it, what is possible instead."""

    @classmethod
    def at(cls, node: NodeProto, what: str) -> UnsupportedError:
        return cls(f"layer {node.name or node.output[0]} ({node.op_type}): {what}")
