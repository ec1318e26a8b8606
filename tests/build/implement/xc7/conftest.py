# SPDX-License-Identifier: Apache-2.0
"""The stored bitstream, unpacked and decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from stored_bitstream import unpack

from fpgan.build.implement.xc7.bit_file import read_bit
from fpgan.build.implement.xc7.database import Database, find_database
from fpgan.build.implement.xc7.decode import Decoded, decode
from fpgan.build.implement.xc7.frames import Frames

PART = "xc7z010clg400-1"


@dataclass(frozen=True)
class Stored:
    """A bitstream of `tiny`, its database and what it holds."""

    bit: Path
    database: Database
    frames: Frames
    decoded: Decoded

    def changed(self, *features: tuple[str, str]) -> Decoded:
        """With features of tiles that are set where they were not, and the other way round."""
        tiles = {tile: set(found) for tile, found in self.decoded.features.items()}
        for tile, feature in features:
            tiles[tile] ^= {feature}
        return Decoded(tiles, [], self.decoded.bits)


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    bit, root = unpack(tmp_path_factory.mktemp("stored"))
    database = find_database(PART, root)
    frames = read_bit(bit.read_bytes(), database.part).frames
    return Stored(bit, database, frames, decode(frames, database))
