# SPDX-License-Identifier: Apache-2.0
"""Registers mapped into this process, and memory that it shares with the accelerator."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from .interface import AcceleratorError, Buffer, NoMemoryError, Words
from .registers import SPAN


class MappedBoard:
    """Registers at a physical address (/dev/mem) or of a UIO device, memory of pynq or u-dma-buf."""

    def __init__(self, address: int = 0, device: str = "/dev/mem") -> None:
        """address: of the registers, 0 with a UIO device. AcceleratorError where it cannot be mapped."""
        try:
            file = os.open(device, os.O_RDWR | os.O_SYNC)
            self._map = mmap.mmap(file, SPAN, offset=address)
            os.close(file)
        except (OSError, ValueError) as error:
            raise AcceleratorError(
                f"{device} at 0x{address:X}: cannot be mapped ({error}); are you root?"
            ) from None
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
            from pynq import allocate
        except ImportError:
            return DmaBuffer(size)
        return PynqBuffer(allocate((size,), dtype=np.uint8))

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class PynqBuffer:
    """Memory that pynq allocates."""

    def __init__(self, memory: Any) -> None:
        self.memory, self.address, self.array = memory, int(memory.device_address), memory

    def flush(self) -> None:
        self.memory.flush()

    def invalidate(self) -> None:
        self.memory.invalidate()


class DmaBuffer:
    """Memory of the u-dma-buf kernel module, opened uncached."""

    _used = 0  # bytes of the device that earlier buffers took

    def __init__(self, size: int, name: str = "udmabuf0") -> None:
        folder, size = Path("/sys/class/u-dma-buf") / name, -(-size // 4096) * 4096
        try:
            start = int((folder / "phys_addr").read_text(encoding="utf-8"), 16)
            whole = int((folder / "size").read_text(encoding="utf-8"))
            if DmaBuffer._used + size > whole:
                raise AcceleratorError(f"/dev/{name} has {whole} bytes; {DmaBuffer._used + size} are needed")
            file = os.open(f"/dev/{name}", os.O_RDWR | os.O_SYNC)
            self._map = mmap.mmap(file, size, offset=DmaBuffer._used)
            os.close(file)
        except OSError:
            raise NoMemoryError(
                f"no memory: neither pynq nor /dev/{name} is there; use memory=False"
            ) from None
        self.address, self.array = start + DmaBuffer._used, np.frombuffer(self._map, np.uint8)
        DmaBuffer._used += size

    def flush(self) -> None:
        pass

    def invalidate(self) -> None:
        pass
