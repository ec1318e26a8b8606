# SPDX-License-Identifier: Apache-2.0
"""Memory of the kernel module u-dma-buf, for processor and accelerator."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from .interface import AcceleratorError, NoMemoryError
from .locked import InUseError, map_locked

_PAGE = mmap.ALLOCATIONGRANULARITY
_BOTH, _TO_DEVICE, _FROM_DEVICE = 0, 1, 2  # ways of a transfer, as the kernel numbers them


class DmaBuffer:
    """A stretch of a u-dma-buf device that no other buffer has, of any process; free again with the object.

    The processor's view of it is cached, for an uncached one would be a device's on arm64, where a copy that
    is not aligned faults; `flush` and `invalidate` therefore have the kernel clean and drop cache lines.
    """

    def __init__(self, size: int, name: str = "udmabuf0", root: Path = Path("/")) -> None:
        """`size` bytes or more. NoMemoryError: there is no such device; AcceleratorError: it is full."""
        self._attributes, device = root / "sys/class/u-dma-buf" / name, root / "dev" / name
        try:
            start = int((self._attributes / "phys_addr").read_text(encoding="utf-8"), 16)
            whole = int((self._attributes / "size").read_text(encoding="utf-8"))
        except OSError:
            raise NoMemoryError(f"no memory: neither pynq nor {device} is there; use memory=False") from None
        self._size = -(-size // _PAGE) * _PAGE
        self._offset, self._map = _free_stretch(device, self._size, whole)
        self.address, self.array = start + self._offset, np.frombuffer(self._map, np.uint8)
        self._sync("device", _BOTH)  # what an earlier owner left in the cache must not come out later

    def flush(self) -> None:
        self._sync("device", _TO_DEVICE)

    def invalidate(self) -> None:
        self._sync("cpu", _FROM_DEVICE)

    def _sync(self, owner: str, way: int) -> None:
        """Give the stretch to the device or to the cpu: offset and size, way and command in one word."""
        path = self._attributes / f"sync_for_{owner}"
        try:
            path.write_text(f"0x{self._offset:08X}{self._size | way << 2 | 1:08X}", encoding="ascii")
        except OSError as error:
            raise AcceleratorError(f"{path}: cannot be written ({error}); are you root?") from None


def _free_stretch(device: Path, size: int, whole: int) -> tuple[int, mmap.mmap]:
    """Offset and map of the first stretch of a device of `whole` bytes that no buffer has."""
    offset = 0
    while offset + size <= whole:
        try:
            return offset, map_locked(str(device), offset, size)
        except InUseError as used:
            offset = used.end
        except (OSError, ValueError) as error:
            raise AcceleratorError(f"{device}: {size} bytes cannot be mapped ({error})") from None
    raise AcceleratorError(f"{device} has {whole} bytes, but no {size} of them in a row that are free")
