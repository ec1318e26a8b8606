# SPDX-License-Identifier: Apache-2.0
"""Our boards by FINN's names."""

from __future__ import annotations

from fpgan.build.finn.flow import FINN_BOARDS
from fpgan.hw.boards import boards


def test_boards_are_finns():
    from finn.util.basic import pynq_native_port_width, pynq_part_map

    assert {name: pynq_part_map[theirs] for name, theirs in FINN_BOARDS.items()} == {
        name: board.part for name, board in boards().items() if name in FINN_BOARDS
    }
    assert set(FINN_BOARDS.values()) <= set(pynq_native_port_width)
