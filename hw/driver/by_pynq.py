# SPDX-License-Identifier: Apache-2.0
"""Registers and memory by pynq."""

from __future__ import annotations

import time
from io import FileIO
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from .interface import AcceleratorError, Buffer, Words
from .locked import InUseError, open_locked
from .registers import SPAN

_LOCKED_BY = "/dev/mem"  # as the registers are where they are mapped without pynq
_locks: WeakValueDictionary[int, FileIO] = WeakValueDictionary()  # by address: this process's


class PynqBoard:
    """Registers by pynq's MMIO. One process at a time has them."""

    def __init__(self, address: int) -> None:
        """AcceleratorError where another program has the registers."""
        self._address, self._lock = address, _lock(address)
        self._registers: Any = None  # MMIO asks what was loaded last

    def read(self, offset: int) -> int:
        return int(self._mmio.read(offset))

    def write(self, offset: int, value: int) -> None:
        self._mmio.write(offset, int(value))

    def read_words(self, offset: int, count: int) -> Words:
        return np.array([self._mmio.read(offset) for _ in range(count)], np.uint32)

    def write_words(self, offset: int, words: Words) -> None:
        for word in words:
            self._mmio.write(offset, int(word))

    def allocate(self, size: int) -> Buffer:
        return allocate(size)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    @property
    def _mmio(self) -> Any:
        if self._registers is None:
            from pynq import MMIO

            self._registers = MMIO(self._address, SPAN)
        return self._registers


def _lock(address: int) -> FileIO | None:
    """None where there is nothing to lock: the registers are another machine's, or simulated."""
    try:
        file = _locks.get(address) or open_locked(_LOCKED_BY, address, SPAN)
    except InUseError as error:
        raise AcceleratorError(f"the registers at 0x{address:X}: {error}") from None
    except OSError:
        return None
    _locks[address] = file
    return file


def allocate(size: int) -> Buffer:
    """Memory that pynq allocates."""
    from pynq import allocate as allocate_bytes

    return PynqBuffer(allocate_bytes((size,), dtype=np.uint8))


class PynqBuffer:
    """Memory that pynq allocated."""

    def __init__(self, memory: Any) -> None:
        self.memory, self.address, self.array = memory, int(memory.device_address), memory

    def flush(self) -> None:
        self.memory.flush()

    def invalidate(self) -> None:
        self.memory.invalidate()
