# SPDX-License-Identifier: Apache-2.0
"""What ops have in common whose constants may come from outside: where they are, and the bytes of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.hwcustomop import HWCustomOp
from numpy.typing import NDArray

from fpgan.build.dataflow.ops.hex_words import byte_words


@dataclass(frozen=True)
class Section:
    """What a node's memory is loaded with: `words` of `bits` bits, each filled up to whole bytes."""

    name: str
    words: int
    bits: int
    data: bytes

    @classmethod
    def of(cls, name: str, words: NDArray[np.int64], bits: int) -> Section:
        """words (N,...): elements of so many bits."""
        return cls(name, len(words), words[0].size * bits, byte_words(words, bits).tobytes())


class LoadedOp(HWCustomOp):
    """An op whose constants are in the bitstream (`rom`), come over the chain of load_words (`loaded`), or
    from memory while it computes (`streamed`: weights alone).

    `rom` is FINN's internal_embedded, `streamed` its external: the node's second input is a stream. Of its
    runtime-writeable weights, which have an AXI-Lite port for each layer, `loaded` has the memories and not
    the ports. Channels of a streamed layer come in `tiles`, each for a `batch` of images, up to the
    batch_buffer behind its thresholds.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {
            "weight_storage": ("s", False, "rom", {"rom", "loaded", "streamed"}),
            "tiles": ("i", False, 1),  # in which the output channels come
            "batch": ("i", False, 1),  # images for which each tile comes once
        }

    @property
    def loaded(self) -> bool:
        return bool(self.get_nodeattr("weight_storage") == "loaded")

    @property
    def streamed(self) -> bool:
        return bool(self.get_nodeattr("weight_storage") == "streamed")

    @property
    def tiles(self) -> int:
        return int(self.get_nodeattr("tiles"))

    @property
    def batch(self) -> int:
        return int(self.get_nodeattr("batch"))

    @abstractmethod
    def section(self, model: Any) -> Section:
        """What it is loaded with, in the order of its memory's addresses."""
