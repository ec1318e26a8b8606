# SPDX-License-Identifier: Apache-2.0
"""The two ways to a transposed convolution."""

from typing import Literal, get_args

DeconvStyle = Literal["subpixel", "zero_insert"]
STYLES: tuple[str, ...] = get_args(DeconvStyle)
