# SPDX-License-Identifier: Apache-2.0
"""Builds, from an ONNX file to a board; `from fpgan import Build` is the way in. See build/README.md."""
