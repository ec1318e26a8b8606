# SPDX-License-Identifier: Apache-2.0
"""`Deployment`: the folder that goes to a board, and what its bitstream holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fpgan.build.api.result import Result, read, result
from fpgan.build.implement.bitstream.facts_file import BoardFacts
from fpgan.build.implement.verify_file import Verify

_THEN = "run fpgan bitstream again"


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification(Result, Verify):
    """What a bitstream holds, and what the netlist in it makes."""

    @property
    def wrong(self) -> str:
        """Pixels that differ, or bits without a meaning."""
        if self.mismatches:
            return f"{self.bitstream}: {self.mismatches} of {self.pixels} pixels differ"
        if self.unknown_bits:
            return f"{self.bitstream}: {self.unknown_bits} bits without a meaning: {self.unknown[0]}"
        return ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Deployment(Result, BoardFacts):
    """facts.json: what a board needs to know of its bitstream; `Build.bitstream` makes it."""

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Deployment:
        """One that is there. ValueError where it is none, or damaged."""
        path = Path(folder) / "facts.json"
        if not path.exists():
            raise ValueError(f"{folder}: no bitstream's folder (facts.json is missing); run fpgan bitstream")
        return read(cls, path.resolve(), _THEN)

    def verify(
        self,
        images: int = 4,
        *,
        stall: float = 0.0,
        database: str | os.PathLike[str] | None = None,
        netlist: str | os.PathLike[str] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Verification:
        """Take the bitstream of a Zynq-7000 apart, to its last bit, and simulate it against PyTorch.

        images: golden ones to make. stall: probability that the bus pauses in a cycle. database: of Project
        X-Ray; $PRJXRAY_DB_DIR. netlist: Verilog file to write. ValueError for a bitstream that is damaged or
        holds what is not modelled; ToolError where the database is missing.
        """
        from fpgan.build.implement.verify import verify

        known, written = (None if path is None else Path(path) for path in (database, netlist))
        found = verify(self.root / self.bitstream, images, stall, known, written, progress)
        return result(Verification, found, self.root)
