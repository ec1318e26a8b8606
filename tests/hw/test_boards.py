# SPDX-License-Identifier: Apache-2.0
"""Board facts: complete, sourced, and a clear line for a board that does not exist."""

from __future__ import annotations

import pytest

from fpgan.hw.boards import Board, boards, get_board

# LUT, 36 Kb block RAMs, URAM, DSP as the data sheets print them
DATA_SHEET = {
    "ultra96": (70560, 216, 0, 360),
    "pynq-z1": (53200, 140, 0, 220),
    "pynq-z2": (53200, 140, 0, 220),
    "zcu104": (230400, 312, 96, 1728),
    "kv260": (117120, 144, 64, 1248),
    "zc706": (218600, 545, 0, 900),
}


@pytest.mark.parametrize("name", sorted(DATA_SHEET))
def test_figures_of_the_data_sheets(name: str) -> None:
    board = get_board(name)
    lut, bram36, uram, dsp = DATA_SHEET[name]
    assert board.budget == {"LUT": lut, "FF": 2 * lut, "BRAM18": 2 * bram36, "URAM": uram, "DSP": dsp}


@pytest.mark.parametrize("board", boards().values(), ids=lambda b: b.name)
def test_family_part_and_source_agree(board: Board) -> None:
    assert board.part.startswith("xc7z" if board.family == "xc7" else ("xczu", "xck"))
    assert board.dsp_block == {"xc7": "DSP48E1", "xcup": "DSP48E2"}[board.family]
    assert board.source.startswith("DS")
    assert 50 <= board.default_clock_mhz <= 500
    assert board.name.replace("ultra96", "ultra96v2") in board.vivado_board.replace("kv260_som", "kv260")
    assert board.ps_clock_mhz in (33.333, 50.0)


def test_unknown_board_is_one_line_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^board 'ultra97' is not known; choose one of kv260, .*zcu104$"):
        get_board("ultra97")


def test_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family 'ecp5' is not one of xcup, xc7"):
        Board("b", "p", "ecp5", 1, 1, 1, 1, 1, 1, 100.0, 50.0, "v:b:*", "DS0")
