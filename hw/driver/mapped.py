# SPDX-License-Identifier: Apache-2.0
"""Registers mapped into this process."""

from __future__ import annotations

import mmap
import os
import time
from weakref import WeakValueDictionary

import numpy as np

from .by_pynq import allocate
from .dma_buffer import DmaBuffer
from .interface import AcceleratorError, Buffer, Words
from .locked import map_locked
from .registers import SPAN

# Two boards at one address share what this process mapped: a notebook's cell makes them when it runs again.
_mapped: WeakValueDictionary[tuple[str, int], mmap.mmap] = WeakValueDictionary()


class MappedBoard:
    """Registers at a physical address (/dev/mem) or of a UIO device, memory of pynq or u-dma-buf.

    One process at a time has them.
    """

    def __init__(self, address: int = 0, device: str = "/dev/mem") -> None:
        """address: of the registers, 0 with a UIO device. AcceleratorError where it cannot be mapped."""
        try:
            self._map = _mapped.get((device, address)) or map_locked(device, address, SPAN, os.O_SYNC)
        except (OSError, ValueError) as error:
            root = "; are you root?" if isinstance(error, PermissionError) else ""
            raise AcceleratorError(f"{device} at 0x{address:X}: cannot be mapped ({error}){root}") from None
        _mapped[device, address] = self._map
        self._words = np.frombuffer(self._map, np.uint32)

    def read(self, offset: int) -> int:
        return int(self._words[offset // 4])

    def write(self, offset: int, value: int) -> None:
        self._words[offset // 4] = value

    # One word at a time: what a block copy does on a device's memory is up to the C library.
    def read_words(self, offset: int, count: int) -> Words:
        words, at = self._words, offset // 4
        return np.fromiter((words[at] for _ in range(count)), np.uint32, count)

    def write_words(self, offset: int, words: Words) -> None:
        for word in words:
            self._words[offset // 4] = word

    def allocate(self, size: int) -> Buffer:
        try:
            import pynq  # noqa: F401
        except ImportError:
            return DmaBuffer(size)
        return allocate(size)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
