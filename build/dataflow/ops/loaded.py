# SPDX-License-Identifier: Apache-2.0
"""What ops have in common whose constants may be loaded: where they are, and the bytes that load them."""

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
    """An op whose constants are in the bitstream (`rom`), or come over the chain of load_words (`loaded`).

    `rom` is FINN's internal_embedded. Of its runtime-writeable weights, which have an AXI-Lite port for each
    layer, `loaded` has the memories and not the ports.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {"weight_storage": ("s", False, "rom", {"rom", "loaded"})}

    @property
    def loaded(self) -> bool:
        return bool(self.get_nodeattr("weight_storage") == "loaded")

    @abstractmethod
    def section(self, model: Any) -> Section:
        """What it is loaded with, in the order of its memory's addresses."""
