# SPDX-License-Identifier: Apache-2.0
"""What a module is refused with."""

from __future__ import annotations


class Unsupported(ValueError):
    """A part of the module that hardware is not built from; its message says why, not yet where."""


def sizes_text(sizes: tuple[int, ...]) -> str:
    """Sizes without the batch, for a message."""
    return f"(N,{','.join(map(str, sizes))})"
