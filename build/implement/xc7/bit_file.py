# SPDX-License-Identifier: Apache-2.0
"""A .bit file: its header, and the packets by which a 7-series part is configured (UG470, chapter 5).

The packets written are those of prjxray's xc7frames2bit, so that the files are equal but for the header's
names and date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.crc import CONFIGURATION_CRC
from fpgan.build.implement.xc7.frames import ECC_BITS, ECC_WORD, WORDS, Frames, ecc, no_frames, with_ecc
from fpgan.build.implement.xc7.records import Part

_START = bytes.fromhex("0009 0ff0 0ff0 0ff0 0ff0 0000 01")
_MADE = (b"1970/01/01", b"00:00:00")  # equal designs make equal files
_SYNC = 0xAA995566
_BUS_WIDTH = [*[0xFFFFFFFF] * 8, 0x000000BB, 0x11220044, 0xFFFFFFFF, 0xFFFFFFFF, _SYNC]
_NOP = 0x20000000
_CRC, _FAR, _FDRI, _CMD, _CTL0, _MASK, _COR0, _MFWR = 0, 1, 2, 4, 5, 6, 9, 10
_IDCODE, _COR1, _WBSTAR, _TIMER, _RESERVED, _CTL1 = 12, 14, 16, 17, 19, 24
_WCFG, _LFRM, _BEGIN, _RCRC, _SWITCH, _GRESTORE, _DESYNC = 1, 3, 5, 7, 9, 10, 13
_ROW = 17  # lowest bit of a frame's address that says its row, half and bus
_PADDING = 2  # frames of zeros that end a row

Words = NDArray[np.uint32]


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
            *_BUS_WIDTH, _NOP, *_set(_TIMER, 0), *_set(_WBSTAR, 0), *_set(_CMD, 0), _NOP,
            *_set(_CMD, _RCRC), _NOP, _NOP, *_set(_RESERVED, 0), *_set(_COR0, 0x02003FE5), *_set(_COR1, 0),
            *_set(_IDCODE, part.idcode), *_set(_CMD, _SWITCH), _NOP, *_set(_MASK, 0x401),
            *_set(_CTL0, 0x501), *_set(_MASK, 0), *_set(_CTL1, 0), *[_NOP] * 8, *_set(_FAR, 0),
            *_set(_CMD, _WCFG), _NOP, 0x30000000 | _FDRI << 13,
        ],
        np.uint32,
    )  # fmt: skip


def _after() -> Words:
    return np.array(
        [
            *_set(_CMD, _RCRC), _NOP, _NOP, *_set(_CMD, _GRESTORE), _NOP, *_set(_CMD, _LFRM),
            *[_NOP] * 100, *_set(_CMD, _BEGIN), _NOP, *_set(_FAR, 0x3BE0000), *_set(_MASK, 0x501),
            *_set(_CTL0, 0x501), *_set(_CMD, _RCRC), _NOP, _NOP, *_set(_CMD, _DESYNC), *[_NOP] * 400,
        ],
        np.uint32,
    )  # fmt: skip


def _set(register: int, value: int) -> tuple[int, int]:
    return 0x30000001 | register << 13, value


def _payload(frames: Frames, part: Part) -> Words:
    """A type 2 packet of all frames, each row followed by its padding."""
    ends = np.flatnonzero(np.diff(_rows(part), append=-1)) + 1
    padded = np.insert(frames, np.repeat(ends, _PADDING), 0, axis=0).ravel()
    return np.concatenate([np.array([0x50000000 | len(padded)], np.uint32), padded])


def _rows(part: Part) -> NDArray[np.int64]:
    """A number of each frame's row, half and bus."""
    return np.array(part.frames, np.int64) >> _ROW


def read_bit(content: bytes, part: Part) -> BitFile:
    """Take a .bit file apart. part: what it must be for.

    ValueError in one line for a file that is cut short or none, is for another part, whose CRC is wrong, or a
    frame's ECC; and for what is not read: compressed and encrypted bitstreams.
    """
    fields, data = _header(content)
    design, name = fields[b"a"], fields[b"b"]
    words = np.frombuffer(data[: len(data) // 4 * 4], ">u4").astype(np.uint32)
    frames = _configured(words, part)
    wrong = np.flatnonzero(frames[:, ECC_WORD] & np.uint32(ECC_BITS) != ecc(frames))
    if len(wrong):
        raise ValueError(
            f"damaged: the ECC of {len(wrong)} frames is wrong, the first at 0x{part.frames[wrong[0]]:08X}"
        )
    return BitFile(design, name, frames)


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


def _configured(words: Words, part: Part) -> Frames:
    """What the frames hold when all packets are executed."""
    frames, done = no_frames(part), np.zeros(len(part.frames), bool)
    row_of = {address: i for i, address in enumerate(part.frames)}
    crc, address = CONFIGURATION_CRC.start, 0
    for register, values in _packets(words):
        if register == _CRC:
            if crc != int(values[-1]):
                raise ValueError(f"damaged: its CRC is 0x{crc:08X}, it says 0x{int(values[-1]):08X}")
            crc = CONFIGURATION_CRC.start
            continue
        crc = CONFIGURATION_CRC.after(crc, register, values)
        if register == _CMD and int(values[-1]) == _RCRC:
            crc = CONFIGURATION_CRC.start
        elif register == _IDCODE and int(values[-1]) & 0x0FFFFFFF != part.idcode & 0x0FFFFFFF:
            raise ValueError(f"for another part: IDCODE 0x{int(values[-1]):08X}, {part.name} has "
                             f"0x{part.idcode:08X}")  # fmt: skip
        elif register == _FAR:
            address = int(values[-1])
        elif register == _MFWR:
            raise ValueError("a compressed bitstream, which is not read; make it without compression")
        elif register == _FDRI and len(values) and address in row_of:
            _fill(frames, done, values, row_of[address], part)
    if not done.all():
        raise ValueError(f"configures {done.sum()} of the part's {len(done)} frames: partial or damaged")
    return frames


def _fill(frames: Frames, done: NDArray[np.bool_], values: Words, first: int, part: Part) -> None:
    """Write frames from row `first` on, with the padding after each of the part's rows."""
    given = values[: len(values) // WORDS * WORDS].reshape(-1, WORDS)
    rows, at = _rows(part), 0
    while at < len(given) and first < len(frames):
        count = min(int(np.searchsorted(rows, rows[first], "right")) - first, len(given) - at)
        frames[first : first + count], done[first : first + count] = given[at : at + count], True
        first, at = first + count, at + count + _PADDING


def _packets(words: Words) -> Iterator[tuple[int, Words]]:
    """Writes to registers in order; a long one's words belong to the register of the one before it."""
    found = np.flatnonzero(words == _SYNC)
    if not len(found):
        raise ValueError("no bitstream: it has no synchronization word")
    at, register = int(found[0]) + 1, 0
    while at < len(words):
        word, at = int(words[at]), at + 1
        kind, write = word >> 29, word >> 27 & 3
        if kind == 1:
            register = word >> 13 & 0x3FFF
        size = word & (0x7FF if kind == 1 else 0x7FFFFFF)
        if kind not in (1, 2) or at + size > len(words):
            if kind == 0 and word == 0:
                continue
            raise ValueError(f"damaged: 0x{word:08X} at word {at - 1} is no packet")
        if write == 2 and size:
            yield register, words[at : at + size]
        at += size
