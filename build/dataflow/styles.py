# SPDX-License-Identifier: Apache-2.0
"""What a build may choose by a word: the way to a transposed convolution, where weights live."""

from typing import Literal, get_args

DeconvStyle = Literal["subpixel", "zero_insert"]
STYLES: tuple[str, ...] = get_args(DeconvStyle)
# rom: in the bitstream; loaded: with the thresholds, before the first image; streamed: from memory, for each
# batch; auto: any of them, by what it costs.
Storage = Literal["rom", "loaded", "streamed", "auto"]
STORAGES: tuple[str, ...] = get_args(Storage)
