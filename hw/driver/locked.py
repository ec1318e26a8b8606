# SPDX-License-Identifier: Apache-2.0
"""Stretches of a device, each mapped by one process at a time."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from io import FileIO

_LOCK = "hhqqi0q"  # of fcntl(2), with 64-bit offsets: type, whence, start, length, process
_WRITE, _NONE = fcntl.F_WRLCK, fcntl.F_UNLCK


class InUseError(OSError):
    """Another open file holds a lock on that stretch, which ends at `end`."""

    def __init__(self, end: int) -> None:
        super().__init__("it is in use by another program")
        self.end = end


def map_locked(device: str, offset: int, size: int, flags: int = 0) -> mmap.mmap:
    """Map a stretch of a device, and lock it until the map is gone, however its process ends.

    flags: of open(2), besides those for reading and writing. OSError, InUseError among them, or ValueError
    where it cannot be mapped; nothing stays open then.
    """
    with open_locked(device, offset, size, flags) as file:
        # The lock belongs to the open file, which the map keeps: closing this descriptor does not end it.
        return mmap.mmap(file.fileno(), size, offset=offset)


def open_locked(device: str, offset: int, size: int, flags: int = 0) -> FileIO:
    """Open a device and lock a stretch of it until the file is gone. OSError, InUseError among them."""
    file = FileIO(os.open(device, os.O_RDWR | os.O_CLOEXEC | flags), "r+")
    try:
        _lock(file.fileno(), offset, size)
    except OSError:
        file.close()
        raise
    return file


def _lock(file: int, offset: int, size: int) -> None:
    """A lock of the open file: one of the process would end with any other descriptor of the device."""
    wanted = struct.pack(_LOCK, _WRITE, os.SEEK_SET, offset, size, 0)
    while True:
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
            return
        except BlockingIOError:
            kind, _, start, length, _ = struct.unpack(_LOCK, fcntl.fcntl(file, fcntl.F_OFD_GETLK, wanted))
            if kind != _NONE:
                raise InUseError(start + length) from None
