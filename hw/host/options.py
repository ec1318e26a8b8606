# SPDX-License-Identifier: Apache-2.0
"""What a host interface may have."""

from __future__ import annotations

from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import OneOf, Whole

TOPS = {"axil": "fpgan_axil", "axi": "fpgan_axi"}  # the module of each bus


@dataclass(frozen=True)
class HostOptions:
    """What the host interface has."""

    bus: str = said("axil: registers and windows alone; axi: a memory master too",
                    within=OneOf(tuple(TOPS)), default="axil")  # fmt: skip
    generator: bool = said("whether latents are made on the chip", default=True)
    classes: int = said("elements of the one-hot label at each latent's end", within=Whole(), default=0)
    window_words: int = said("that wait behind each window", "words", within=Whole(), default=512)
    data_bits: int = said("of the memory master", "bits", within=Whole(), default=64)
    address_bits: int = said("of the memory master", "bits", within=Whole(), default=32)
    max_burst: int = said("of the memory master", "words", within=Whole(), default=16)
    buffer_words: int = said("of the memory master", "words", within=Whole(), default=512)

    def __post_init__(self) -> None:
        if self.bus not in TOPS:
            raise ValueError(f"bus={self.bus!r}: choose {' or '.join(TOPS)}")
        if not 2 <= self.window_words <= 32768:
            raise ValueError(f"window_words={self.window_words}: must be 2 to 32768")
        if self.bus == "axi":
            self._check_memory()

    def _check_memory(self) -> None:
        if self.data_bits not in (32, 64, 128, 256, 512, 1024):
            raise ValueError(f"data_bits={self.data_bits}: must be a power of two from 32 to 1024")
        if not 13 <= self.address_bits <= 64:
            raise ValueError(f"address_bits={self.address_bits}: must be 13 to 64")
        most = min(256, 4096 * 8 // self.data_bits)
        if self.max_burst not in [2**i for i in range(9) if 2**i <= most]:
            raise ValueError(f"max_burst={self.max_burst}: must be a power of two up to {most}")
        if self.buffer_words < 2 * self.max_burst:
            raise ValueError(
                f"buffer_words={self.buffer_words}: must be at least 2 * max_burst={self.max_burst}"
            )
