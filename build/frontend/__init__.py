# SPDX-License-Identifier: Apache-2.0
"""The front door: a quantized ONNX file of any exporter becomes a `Network` of integer layers."""
