# SPDX-License-Identifier: Apache-2.0
"""The lowerings of a transposed convolution by name: known before FINN is imported."""

from __future__ import annotations

from typing import Literal, get_args

Lowering = Literal["fpgan", "finn"]
LOWERINGS: tuple[Lowering, ...] = get_args(Lowering)
