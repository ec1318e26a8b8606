# SPDX-License-Identifier: Apache-2.0
"""Board facts: complete, sourced, and a clear line for a board that does not exist."""

from __future__ import annotations

import pytest
from finn.util.basic import part_map

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


@pytest.mark.parametrize("board", boards().values(), ids=lambda b: b.name)
def test_names_of_finn_pynq_and_vivado(board: Board) -> None:
    finns = [name for name in part_map if name.lower().startswith(board.name)]
    file = board.vivado_board.replace("*", "www.", 1) if board.vivado_board[0] == "*" else board.vivado_board
    vivados = [file.replace("*", "1.2"), file.removesuffix(":*"), board.vivado_board]
    for name in (*finns, *vivados, *board.aliases, board.name.upper(), board.name.replace("-", "_")):
        assert get_board(name) is board, name
    if board.name != "zc706":  # FINN has none of it
        assert finns


@pytest.mark.parametrize(
    ("typed", "name"),
    [("PYNQ-Z2", "pynq-z2"), ("pynqz2", "pynq-z2"), ("pynq_z1", "pynq-z1"), ("Ultra96-V2", "ultra96"),
     ("Ultra96", "ultra96"), ("KV260_SOM", "kv260"), ("XCZU7EV-FFVC1156-2-E", "zcu104"),
     ("em.avnet.com:ultra96v2:part0:1.0", "ultra96")],
)  # fmt: skip
def test_names_that_users_type(typed: str, name: str) -> None:
    assert get_board(typed).name == name


def test_no_two_boards_share_a_name() -> None:
    """A part they may share: then it names neither."""
    names = ["".join(filter(str.isalnum, n.lower())) for b in boards().values() for n in (b.name, *b.aliases)]
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match=r"^board 'xc7z020clg400-1' may be pynq-z1 or pynq-z2; name the "):
        get_board("xc7z020clg400-1")


def test_unknown_board_is_one_line_that_names_the_nearest_and_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError,
        match=r"^board 'ultra97' is not known; the nearest is ultra96; choose one of kv260, .*zcu104$",
    ):
        get_board("ultra97")
    with pytest.raises(ValueError, match=r"^board '-' is not known; choose one of kv260, .*zcu104$"):
        get_board("-")


def test_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family 'ecp5' is not one of xcup, xc7"):
        Board("b", "p", "ecp5", 1, 1, 1, 1, 1, 1, 100.0, 50.0, "v:b:*", "DS0")
