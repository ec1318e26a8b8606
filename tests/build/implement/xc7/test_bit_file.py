# SPDX-License-Identifier: Apache-2.0
"""Frames, CRC, ECC and the .bit file, against slow arithmetic and what must be refused.

Would catch: a word order, polynomial or number of a bit that differs from the part's, and damage that passes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fpgan.build.implement.xc7.bit_file import read_bit, write_bit
from fpgan.build.implement.xc7.configuration import CMD, CRC, FAR, FDRI, MFWR, SYNC, WCFG, row_ends
from fpgan.build.implement.xc7.crc import CONFIGURATION_CRC
from fpgan.build.implement.xc7.frames import ecc
from fpgan.build.implement.xc7.records import Part

PART = Part(
    "xc7test", 0x03722093,
    tuple(bus << 23 | half << 22 | column << 7 | minor
          for bus, half in ((0, 0), (0, 1), (1, 0)) for column in range(2) for minor in range(3)),
    "",
)  # fmt: skip
_WORDS_FROM = 13  # behind the words for the bus width and the synchronization word


@pytest.fixture
def frames() -> np.ndarray:
    made = np.random.default_rng(3).integers(0, 2**32, (len(PART.frames), 101), np.uint32)
    made[:, 50] &= ~np.uint32(0x1FFF)
    return made


def test_frames_come_back(frames):
    found = read_bit(write_bit(frames, PART, "design"), PART)
    assert (found.design, found.part) == ("design", "xc7test")
    found.frames[:, 50] &= ~np.uint32(0x1FFF)
    assert np.array_equal(found.frames, frames)


def test_ecc_of_single_bits_differs_and_of_pairs_is_even():
    """What corrects one wrong bit and sees two."""
    frames = np.zeros((3232, 101), np.uint32)
    for bit in range(3232):
        frames[bit, bit // 32] = np.uint32(1 << bit % 32)
    used = [bit for bit in range(3232) if not 1600 <= bit < 1613]  # the ECC's own
    codes = ecc(frames)[used].tolist()
    assert len(set(codes)) == len(codes) and 0 not in codes
    assert {code.bit_count() % 2 for code in codes} == {1}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 101])
def test_crc_is_that_of_one_bit_after_another(count):
    values = np.random.default_rng(count).integers(0, 2**32, count, np.uint32)
    crc = 0x1234
    for value in values.tolist():
        word = 2 << 32 | value
        for bit in range(37):
            crc = crc >> 1 ^ (0x82F63B78 if (crc ^ word >> bit) & 1 else 0)
    assert CONFIGURATION_CRC.after(0x1234, 2, values) == crc


def with_crc(bit: bytes, wrong: int = 0) -> bytes:
    """With the packet that Vivado writes behind the frames; `wrong` is added to the CRC."""
    start = bit.index(b"\xff" * 32)
    words = np.frombuffer(bit[start:], ">u4").astype(np.uint32)
    at, crc, after = _WORDS_FROM, 0, 0
    while at < len(words):
        word = int(words[at])
        register = word >> 13 & 31 if word >> 29 == 1 else register  # noqa: F821
        size = word & (0x7FF if word >> 29 == 1 else 0x7FFFFFF) if word >> 27 & 3 == 2 else 0
        if size:
            crc = CONFIGURATION_CRC.after(crc, register, words[at + 1 : at + 1 + size])
            if register == 4 and words[at + 1] == 7:
                crc = 0
        at += 1 + size
        if size > 100:
            after = at
            break
    packet = np.array([0x30000001, (crc + wrong) % 2**32], np.uint32)
    data = np.concatenate([words[:after], packet, words[after:]]).astype(">u4").tobytes()
    return bit[: start - 4] + len(data).to_bytes(4, "big") + data


def test_a_crc_is_looked_at(frames):
    bit = write_bit(frames, PART, "design")
    assert np.array_equal(read_bit(with_crc(bit), PART).frames, read_bit(bit, PART).frames)
    with pytest.raises(ValueError, match="damaged: its CRC is 0x"):
        read_bit(with_crc(bit, wrong=1), PART)


def packed(packets: Iterator[tuple[int, np.ndarray]]) -> bytes:
    """A .bit file of writes to registers."""
    words = [np.array([SYNC], np.uint32)]
    for register, values in packets:
        words += [np.array([1 << 29 | 2 << 27 | register << 13 | len(values)], np.uint32), values]
    bit = write_bit(np.zeros((len(PART.frames), 101), np.uint32), PART, "made")
    data = np.concatenate(words).astype(">u4").tobytes()
    return bit[: bit.index(b"\xff" * 32) - 4] + len(data).to_bytes(4, "big") + data


def with_crcs(packets: Iterator[tuple[int, list[int]]]) -> Iterator[tuple[int, np.ndarray]]:
    """The values of CRC packets."""
    crc = 0
    for register, given in packets:
        values = np.array([crc] if register == CRC else given, np.uint32)
        crc = 0 if register == CRC else CONFIGURATION_CRC.after(crc, register, values)
        yield register, values


Packets = Iterator[tuple[int, list[int]]]


def frame_by_frame(frames: np.ndarray) -> Packets:
    """As Vivado does with a CRC for each: a frame, where it goes once the next one comes."""
    for row in np.split(np.arange(len(frames)), row_ends(PART)[:-1]):
        yield from ((CMD, [WCFG]), (FAR, [PART.frames[row[0]]]))
        for i in row:
            yield from ((FDRI, frames[i].tolist()), (FAR, [PART.frames[i]]), (CRC, []))
        yield from ((FDRI, [0] * 101), (FAR, [PART.frames[row[-1]]]), (CRC, []))


def compressed(frames: np.ndarray) -> Packets:
    """As Vivado does with equal frames: the frame once, then its addresses; the others as stretches."""
    for content in np.unique(frames, axis=0):
        places = np.flatnonzero((frames == content).all(1))
        if len(places) > 1:
            yield from ((FAR, [PART.frames[places[0]]]), (CMD, [WCFG]), (FDRI, content.tolist()), (CMD, [2]))
            yield MFWR, [0] * 8
            for i in places[1:]:
                yield from ((FAR, [PART.frames[i]]), (MFWR, [0] * 4))
        else:
            yield from (
                (CMD, [WCFG]),
                (FAR, [PART.frames[places[0]]]),
                (FDRI, [*content.tolist(), *[0] * 101]),
            )
    yield CRC, []


@pytest.mark.parametrize("written", [frame_by_frame, compressed])
def test_other_ways_in_which_vivado_writes_frames(frames, written):
    """A CRC for each frame, and frames that are written many times."""
    frames[[3, 4, 9, 17]] = frames[1]
    frames[[2, 8]] = 0
    found = read_bit(packed(with_crcs(written(frames))), PART)
    assert np.array_equal(found.frames, frames)


def test_with_a_crc_the_ecc_may_leave_out_what_changes(frames):
    """Vivado's does."""
    bit = bytearray(write_bit(frames, PART, "design"))
    bit[bit.index(b"\xff" * 32) + 4 * 300] ^= 1
    with pytest.raises(ValueError, match="no CRC, and the ECC"):
        read_bit(bytes(bit), PART)
    changed = read_bit(with_crc(bytes(bit)), PART).frames
    assert (changed != read_bit(write_bit(frames, PART, "design"), PART).frames).sum() == 1


def test_damage_is_one_line(frames):
    bit = write_bit(frames, PART, "design")
    start = bit.index(b"\xff" * 32)
    other = Part("xc7other", 0x03727093, PART.frames, "")
    more = Part("xc7more", PART.idcode, (*PART.frames, 0x00C00000), "")
    flipped = bytearray(bit)
    flipped[start + 4 * 300] ^= 1
    for content, part, message in [
        (b"", PART, "no .bit file"),
        (b"\x7fELF" + bytes(100), PART, "no .bit file"),
        (bit[:-8], PART, r"cut short: its header says \d+ bytes"),
        (bit.replace(b"\xaa\x99\x55\x66", b"\xaa\x99\x55\x67"), PART, "no synchronization word"),
        (bit, other, "for another part: IDCODE 0x03722093, xc7other has 0x03727093"),
        (bit, more, "configures 18 of the part's 19 frames"),
        (bytes(flipped), PART, "no CRC, and the ECC of 1 frames is wrong, the first at 0x"),
        (bit.replace(b"\x30\x00\x20\x01", b"\x30\x01\x60\x01", 1), PART, "an encrypted bitstream"),
        (bit.replace(b"\x30\x00\x20\x01", b"\x30\x01\x00\x01", 1), PART, "a debug bitstream"),
    ]:
        with pytest.raises(ValueError, match=message) as caught:
            read_bit(content, part)
        assert "\n" not in str(caught.value)


def test_cut_anywhere_is_refused_or_read_whole(frames):
    bit = write_bit(frames, PART, "design")
    for size in range(0, len(bit), 97):
        with pytest.raises(ValueError):
            read_bit(bit[:size], PART)
