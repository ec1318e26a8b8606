# SPDX-License-Identifier: Apache-2.0
"""What a tool made of a board design: the contract between `bitstream` and its back ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Implemented:
    """What `implement(build, board, work, progress)` of a back end returns.

    bit, hwh: absolute paths below `work`; None where they were not made. figures: entries of synth.json that
    the tool measured (`timing` and, where it counts them, `layers`); {} where nothing ran. missing: one line
    on what is not there and what to run where; None with a bitstream. clock_mhz: the fastest clock that the
    bitstream may have, where that is slower than the build's.
    """

    bit: Path | None = None
    hwh: Path | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    missing: str | None = None
    clock_mhz: float | None = None

    def __post_init__(self) -> None:
        if (self.bit is None) == (self.missing is None):
            raise ValueError(f"bit={self.bit}, missing={self.missing!r}: exactly one of them is given")
