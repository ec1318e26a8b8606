# SPDX-License-Identifier: Apache-2.0
"""Generators in PyTorch: training, metrics, quantizing, export. See model/README.md."""

import logging


def _worth_saying(record: logging.LogRecord) -> bool:
    """Brevitas imports what compiles for CUDA, which says that it finds no GPU; nothing is compiled here."""
    return not str(record.msg).startswith("No CUDA runtime is found")


logging.getLogger("torch.utils.cpp_extension").addFilter(_worth_saying)
