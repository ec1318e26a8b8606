# SPDX-License-Identifier: Apache-2.0
"""What our steps say where they cannot go on: FINN's own error for its users, in one line."""

from __future__ import annotations

from finn.util.exception import FINNUserError
from onnx import NodeProto

from fpgan.build.frontend.errors import layer_name, node_name


def refused(node: NodeProto, what: str) -> FINNUserError:
    """The error that names a node, what about it, and the limit."""
    return FINNUserError(f"{layer_name(node_name(node), node.op_type)}: {what}")
