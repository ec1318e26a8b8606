# SPDX-License-Identifier: Apache-2.0
"""What the host interface of a design needs on a board."""

from __future__ import annotations

from fpgan.hw.boards import Board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import GENERATOR_BITS, HostOptions
from fpgan.sim.vectors import Vectors, golden_of


def host_options(design: Design, board: Board, bus: str) -> HostOptions:
    """A host interface as the board's processor system takes it.

    The memory master's words are as wide as the port that it reaches, and its addresses cover the memory
    above 4 GiB that boards with UltraScale+ may have. Latents are made on the chip where it can.
    """
    vectors = golden_of(design)
    bits = design.input.element_bits
    wide = {"data_bits": 128, "address_bits": 40} if board.family == "xcup" else {}
    low, high = GENERATOR_BITS
    return HostOptions(bus=bus, generator=low <= bits <= high, classes=_classes(vectors), **wide)


def _classes(vectors: Vectors) -> int:
    """Labels of a network with classes: the elements at each latent's end that hold the one-hot label.

    Found in the vectors: the shortest end of the latents in which one element is set and says the label.
    """
    if vectors.label is None:
        return 0
    latents = vectors.latent.reshape(len(vectors.latent), -1)
    for classes in range(int(vectors.label.max()) + 1, latents.shape[1]):
        code = latents[:, -classes:]
        if ((code != 0).sum(axis=1) == 1).all() and (code.argmax(axis=1) == vectors.label).all():
            return classes
    raise ValueError("the golden vectors' latents do not end in their labels; export again")
