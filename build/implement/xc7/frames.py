# SPDX-License-Identifier: Apache-2.0
"""Configuration frames: one row of 101 words for each address of a part, uint32 [frames, 101]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.records import Part

WORDS = 101  # of a frame
ECC_WORD, ECC_BITS = 50, 0x1FFF  # of a frame: its error-correcting code, which no feature uses

Frames = NDArray[np.uint32]


def no_frames(part: Part) -> Frames:
    """All bits 0."""
    return np.zeros((len(part.frames), WORDS), np.uint32)


def ecc(frames: Frames) -> NDArray[np.uint32]:
    """What the ECC bits of each frame must be: (frames,).

    Every bit has a number, which counts up from 0x320 and leaves out powers of two; the code is the
    exclusive or of the numbers of all bits that are set, and a bit that makes its parity even (UG470, and
    prjxray's ecc.cc for the numbers).
    """
    data = frames.copy()
    data[:, ECC_WORD] &= ~np.uint32(ECC_BITS)
    word = np.arange(WORDS)
    first = word * 32 + np.where(word > 0x25, 0x1360, np.where(word > 6, 0x1340, 0x1320))
    numbers = first[:, None] + np.arange(32)
    code = np.zeros(len(data), np.uint32)
    for bit in range(13):
        mask = ((numbers >> bit & 1).astype(np.uint32) << np.arange(32, dtype=np.uint32)).sum(1)
        code |= _parity(np.bitwise_xor.reduce(data & mask.astype(np.uint32), axis=1)) << np.uint32(bit)
    return code ^ _parity(code & np.uint32(0xFFF)) << np.uint32(12)


def with_ecc(frames: Frames) -> Frames:
    """The frames with their ECC bits as they must be."""
    done = frames.copy()
    done[:, ECC_WORD] = done[:, ECC_WORD] & ~np.uint32(ECC_BITS) | ecc(frames)
    return done


def _parity(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return np.bitwise_count(words).astype(np.uint32) & np.uint32(1)
