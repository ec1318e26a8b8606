# SPDX-License-Identifier: Apache-2.0
"""weights.bin: the weights of a design that are loaded into it, and what tells a file that is none from one.

    bytes 0-3   "FGW1"
    bytes 4-7   the design's identity, low byte first
    then, of each memory in the design's order: its bytes, and their CRC-32, low byte first

The CRC is zlib's, begun with the memory's number (0, 1, ...) as the CRC so far. The accelerator checks all of
it by itself, with or without what is here. Stands alone: it runs on a board.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

MAGIC = b"FGW1"


def weights_file(identity: int, sections: Sequence[bytes]) -> bytes:
    """A file's content. identity: 32 bits. sections: of each memory, its bytes."""
    parts = [MAGIC + struct.pack("<I", identity)]
    parts += [data + struct.pack("<I", zlib.crc32(data, number)) for number, data in enumerate(sections)]
    return b"".join(parts)


def file_size(sizes: Sequence[int]) -> int:
    """Bytes of a file. sizes: bytes of each memory."""
    return 8 + sum(size + 4 for size in sizes)


def _foreign(content: bytes, identity: int, size: int) -> str | None:
    """Why a file is none for a design of that identity that takes `size` bytes, whatever its CRCs."""
    if content[:4] != MAGIC:
        return "is no file of weights"
    (found,) = struct.unpack("<I", content[4:8].ljust(4, b"\0"))
    if found != identity:
        return f"has weights of another design ({found:08x}), this one is {identity:08x}"
    return None if len(content) == size else f"has {len(content):,} bytes, the design takes {size:,}"


def read_weights(path: Path, identity: int, size: int) -> bytes:
    """A file's content, for a design of that identity that takes `size` bytes. ValueError in one line."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; fpgan build and fpgan weights write one")
    content = path.read_bytes()
    if why := _foreign(content, identity, size):
        raise ValueError(f"{path}: {why}; write it again with fpgan weights --like BUILD")
    return content


def refused(content: bytes, identity: int, sizes: Mapping[str, int]) -> str | None:
    """Why a file is none for a design, in words; None where it is one. sizes: bytes of each memory."""
    if why := _foreign(content, identity, file_size(list(sizes.values()))):
        return why
    start = 8
    for number, (name, size) in enumerate(sizes.items()):
        data, crc = content[start : start + size], content[start + size : start + size + 4]
        if struct.pack("<I", zlib.crc32(data, number)) != crc:
            return f"is damaged: the CRC of {name} is wrong"
        start += size + 4
    return None


def refusal(errors: int) -> str:
    """What the accelerator says of a file, by its error bits, in words."""
    kinds = ("is of another design", "is too short or too long", "is damaged: a CRC is wrong")
    said = [kind for bit, kind in enumerate(kinds) if errors >> bit & 1]
    return "the accelerator refuses it: " + ("; ".join(said) or "it has not ended")


def load_cycles(sizes: Sequence[int]) -> int:
    """Cycles from a file's first beat to `weights_loaded`, where it never waits and no image is inside."""
    return 9 + sum(size + 6 for size in sizes) + settling(len(sizes))


def settling(memories: int) -> int:
    """Cycles until what was sent is in the last of so many memories."""
    return memories + 4
