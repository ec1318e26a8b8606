# SPDX-License-Identifier: Apache-2.0
"""A layer whose every pixel is one of its input's: mirrored or repeated borders, pixels left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.build.frontend.network import Dims, Layer
from fpgan.build.frontend.pointwise import Float


@dataclass(frozen=True, kw_only=True)
class SelectLayer(Layer):
    """Pixels of one image: of so many rows, and of each so many columns."""

    image: Dims
    rows: tuple[int, ...]
    cols: tuple[int, ...]

    @property
    def dims(self) -> Dims:
        return self.image[0], len(self.rows), len(self.cols)

    @property
    def power_of_two(self) -> bool:
        return self.target.power_of_two

    def run(self, images: Sequence[Float], exact: bool) -> Float:
        return images[0][:, :, list(self.rows)][:, :, :, list(self.cols)].contiguous()
