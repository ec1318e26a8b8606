# SPDX-License-Identifier: Apache-2.0
"""A .bit file: its header, and the packets by which a 7-series part is configured (UG470, chapter 5).

The packets written are those of prjxray's xc7frames2bit, so that the files are equal but for the header's
names and date.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpgan.build.implement.xc7.configuration import (
    BEGIN,
    CMD,
    COR0,
    COR1,
    CTL0,
    CTL1,
    DESYNC,
    FAR,
    FDRI,
    GRESTORE,
    IDCODE,
    LFRM,
    MASK,
    PADDING,
    RCRC,
    RESERVED,
    SWITCH,
    SYNC,
    TIMER,
    WBSTAR,
    WCFG,
    Words,
    execute,
    row_ends,
)
from fpgan.build.implement.xc7.frames import ECC_BITS, ECC_WORD, Frames, ecc, with_ecc
from fpgan.build.implement.xc7.records import Part

_START = bytes.fromhex("0009 0ff0 0ff0 0ff0 0ff0 0000 01")
_MADE = (b"1970/01/01", b"00:00:00")  # equal designs make equal files
_BUS_WIDTH = [*[0xFFFFFFFF] * 8, 0x000000BB, 0x11220044, 0xFFFFFFFF, 0xFFFFFFFF, SYNC]
_NOP = 0x20000000


@dataclass(frozen=True)
class BitFile:
    """What a .bit file holds: the design's name and the part's from its header, frames by address."""

    design: str
    part: str
    frames: Frames


def write_bit(frames: Frames, part: Part, design: str) -> bytes:
    """The .bit file that configures `part` with these frames; their ECC bits are set.

    design: what the header calls it.
    """
    words = np.concatenate([_before(part), _payload(with_ecc(frames), part), _after()])
    data = words.astype(">u4").tobytes()
    fields = zip(b"abcd", (design.encode(), part.name.encode(), *_MADE), strict=True)
    header = b"".join(
        bytes([key]) + (len(text) + 1).to_bytes(2, "big") + text + b"\0" for key, text in fields
    )
    return _START + header + b"e" + len(data).to_bytes(4, "big") + data


def _before(part: Part) -> Words:
    """All that comes before the frames' words."""
    return np.array(
        [
            *_BUS_WIDTH, _NOP, *_set(TIMER, 0), *_set(WBSTAR, 0), *_set(CMD, 0), _NOP,
            *_set(CMD, RCRC), _NOP, _NOP, *_set(RESERVED, 0), *_set(COR0, 0x02003FE5), *_set(COR1, 0),
            *_set(IDCODE, part.idcode), *_set(CMD, SWITCH), _NOP, *_set(MASK, 0x401),
            *_set(CTL0, 0x501), *_set(MASK, 0), *_set(CTL1, 0), *[_NOP] * 8, *_set(FAR, 0),
            *_set(CMD, WCFG), _NOP, 0x30000000 | FDRI << 13,
        ],
        np.uint32,
    )  # fmt: skip


def _after() -> Words:
    return np.array(
        [
            *_set(CMD, RCRC), _NOP, _NOP, *_set(CMD, GRESTORE), _NOP, *_set(CMD, LFRM),
            *[_NOP] * 100, *_set(CMD, BEGIN), _NOP, *_set(FAR, 0x3BE0000), *_set(MASK, 0x501),
            *_set(CTL0, 0x501), *_set(CMD, RCRC), _NOP, _NOP, *_set(CMD, DESYNC), *[_NOP] * 400,
        ],
        np.uint32,
    )  # fmt: skip


def _set(register: int, value: int) -> tuple[int, int]:
    return 0x30000001 | register << 13, value


def _payload(frames: Frames, part: Part) -> Words:
    """A type 2 packet of all frames, each row followed by its padding."""
    padded = np.insert(frames, np.repeat(row_ends(part), PADDING), 0, axis=0).ravel()
    return np.concatenate([np.array([0x50000000 | len(padded)], np.uint32), padded])


def read_bit(content: bytes, part: Part) -> BitFile:
    """Take a .bit file apart. part: what it must be for.

    ValueError in one line for a file that is cut short or none, is for another part, or whose CRC is wrong;
    where it has no CRC, a frame's ECC; and for what is not read: encrypted and debug bitstreams. With a CRC
    the ECC is not looked at: Vivado's leaves out what changes as a design runs, such as memories in LUTs.
    """
    fields, data = _header(content)
    design, name = fields[b"a"], fields[b"b"]
    words = np.frombuffer(data[: len(data) // 4 * 4], ">u4").astype(np.uint32)
    found = execute(words, part)
    if not found.checked:
        _check_ecc(found.frames, part)
    return BitFile(design, name, found.frames)


def _check_ecc(frames: Frames, part: Part) -> None:
    wrong = np.flatnonzero(frames[:, ECC_WORD] & np.uint32(ECC_BITS) != ecc(frames))
    if len(wrong):
        raise ValueError(
            f"damaged: it has no CRC, and the ECC of {len(wrong)} frames is wrong, the first at "
            f"0x{part.frames[wrong[0]]:08X}"
        )


def _header(content: bytes) -> tuple[dict[bytes, str], bytes]:
    """Texts by the letter before them, and the words' bytes."""
    fields, at = {}, len(_START)
    while (key := content[at : at + 1]) in (b"a", b"b", b"c", b"d") and key:
        size = int.from_bytes(content[at + 1 : at + 3], "big")
        fields[key] = content[at + 3 : at + 3 + size].rstrip(b"\0").decode("ascii", "replace")
        at += 3 + size
    size = int.from_bytes(content[at + 1 : at + 5], "big")
    data = content[at + 5 : at + 5 + size]
    if not content.startswith(_START) or content[at : at + 1] != b"e" or not {b"a", b"b"} <= set(fields):
        raise ValueError("no .bit file: its header is not that of one")
    if len(data) != size:
        raise ValueError(f"cut short: its header says {size} bytes, {len(data)} follow")
    return fields, data
