# SPDX-License-Identifier: Apache-2.0
"""Generators in PyTorch: training, metrics, quantizing, export. See model/README.md."""
