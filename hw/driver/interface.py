# SPDX-License-Identifier: Apache-2.0
"""What the driver needs of a board, and the errors by which it says what is wrong."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .formats import Bytes

Words = NDArray[np.uint32]


class AcceleratorError(RuntimeError):
    """The accelerator reported an error or does not answer; one line."""


class NoMemoryError(AcceleratorError):
    """There is no memory that processor and accelerator share."""


class Buffer(Protocol):
    """Memory for both sides. address: the accelerator's. array: the processor's view of it, uint8."""

    address: int
    array: Bytes

    def flush(self) -> None:
        """Let the accelerator see what the processor wrote."""

    def invalidate(self) -> None:
        """Let the processor see what the accelerator wrote."""


class Board(Protocol):
    """What the driver needs: registers and, for a design with a memory master, memory."""

    def read(self, offset: int) -> int:
        """The register at a byte offset."""

    def write(self, offset: int, value: int) -> None:
        """Write the register at a byte offset."""

    def read_words(self, offset: int, count: int) -> Words:
        """`count` words of a window."""

    def write_words(self, offset: int, words: Words) -> None:
        """Words into a window."""

    def allocate(self, size: int) -> Buffer:
        """Memory of `size` bytes. AcceleratorError where there is none."""

    def pause(self, seconds: float) -> None:
        """Let that much time pass."""
