# SPDX-License-Identifier: Apache-2.0
"""The HLS back end: a dataflow graph as C++ for Vitis HLS, with its test bench and script."""

from __future__ import annotations

from fpgan.build.writers.hls.emit import emit_hls
from fpgan.build.writers.hls.hls_layers import hls_layers

__all__ = ["emit_hls", "hls_layers"]
