# SPDX-License-Identifier: Apache-2.0
"""What ops on whole images have in common: a size, channels, PE of them per word."""

from __future__ import annotations

import math
from typing import Any

from fpgan.build.dataflow.ops.rtl_op import RtlOp


class ImageOp(RtlOp):
    """An op whose streams are images of one size, with PE channels per word."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "size": ("ints", True, []),  # rows, columns
            "NumChannels": ("i", True, 0),  # that leave
            "PE": ("i", False, 1),
        }
        return attrs

    def in_channels(self, ind: int) -> int:
        """Channels of an input."""
        return int(self.get_nodeattr("NumChannels"))

    def _shape(self, channels: int) -> list[int]:
        return [1, *(int(n) for n in self.get_nodeattr("size")), channels]

    def _folded(self, channels: int) -> list[int]:
        pe = self.get_nodeattr("PE")
        return [*self._shape(channels)[:3], channels // pe, pe]

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        return self._shape(self.in_channels(ind))

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return self._shape(self.get_nodeattr("NumChannels"))

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.in_channels(ind))

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.get_nodeattr("NumChannels"))

    def get_exp_cycles(self) -> int:
        return math.prod(self.get_folded_output_shape()[:-1])
