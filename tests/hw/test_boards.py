# SPDX-License-Identifier: Apache-2.0
"""Board facts: complete, sourced, and a clear line for a board that does not exist."""

from __future__ import annotations

import pytest
from finn.util.basic import part_map

from fpgan.build.finn.flow import FINN_BOARDS
from fpgan.hw.boards import Board, boards, get_board

# LUT, 36 Kb block RAMs, URAM, DSP as the data sheets print them
DATA_SHEET = {
    "ultra96": (70560, 216, 0, 360),
    "pynq-z1": (53200, 140, 0, 220),
    "pynq-z2": (53200, 140, 0, 220),
    "zcu104": (230400, 312, 96, 1728),
    "kv260": (117120, 144, 64, 1248),
    "kr260": (117120, 144, 64, 1248),
    "aup-zu3": (70560, 216, 0, 360),
    "zc706": (218600, 545, 0, 900),
    "zybo-z7-10": (17600, 60, 0, 80),
    "cora-z7-10": (17600, 60, 0, 80),
    "microzed-7010": (17600, 60, 0, 80),
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
    named = board.vivado_board.replace("_", "-")
    assert board.name.replace("ultra96", "ultra96v2") in named
    assert board.ps_clock_mhz in (33.333, 50.0)


@pytest.mark.parametrize("board", boards().values(), ids=lambda b: b.name)
def test_names_of_finn_pynq_and_vivado(board: Board) -> None:
    finns = [name for name in part_map if name.lower().startswith(board.name)]
    file = board.vivado_board.replace("*", "www.", 1) if board.vivado_board[0] == "*" else board.vivado_board
    file = file.replace("*gb", "8gb")
    vivados = [file.replace("*", "1.2"), file.removesuffix(":*"), board.vivado_board]
    for name in (*finns, *vivados, *board.aliases, board.name.upper(), board.name.replace("-", "_")):
        assert get_board(name) is board, name
    assert bool(finns) == (board.name in FINN_BOARDS)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("PYNQ-Z2", "pynq-z2"), ("pynqz2", "pynq-z2"), ("pynq_z1", "pynq-z1"), ("Ultra96-V2", "ultra96"),
     ("Ultra96", "ultra96"), ("KV260_SOM", "kv260"), ("XCZU7EV-FFVC1156-2-E", "zcu104"),
     ("em.avnet.com:ultra96v2:part0:1.0", "ultra96"), ("AUP-ZU3", "aup-zu3"), ("aupzu3_4gb", "aup-zu3"),
     ("realdigital.org:aup-zu3-4gb:part0:1.0", "aup-zu3"), ("KR260_SOM", "kr260"),
     ("Zybo Z7-10", "zybo-z7-10"), ("MicroZed_7010", "microzed-7010")],
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
        match=r"^board 'ultra97' is not known; the nearest is ultra96; choose one of aup-zu3, .*zybo-z7-10$",
    ):
        get_board("ultra97")
    with pytest.raises(ValueError, match=r"^board '-' is not known; choose one of aup-zu3, .*zybo-z7-10$"):
        get_board("-")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, "Alveo")
        for name in ("U250", "Alveo U50", "au280", "xcu55c-fsvh2892-2L-e", "xilinx.com:au200:part0:1.3")
    ]
    + [(name, "Versal") for name in ("VCK190", "vek280", "V80", "xcvc1902-vsva2197-2MP-e-S", "Versal")]
    + [("xilinx.com:vck190:part0:3.1", "Versal"), ("xcv80-lsva4737-2MHP-e-s", "Versal")],
)
def test_alveo_and_versal_are_named_as_not_supported(name: str, kind: str) -> None:
    """FINN and PYNQ know these boards: the nearest known name would be no answer."""
    with pytest.raises(
        ValueError, match=rf": {kind} devices are not supported, only Zynq-7000 and Zynq Ultra"
    ):
        get_board(name)


@pytest.mark.parametrize("name", ["ultra97", "xcvu9p-flga2104-2-i", "xczu9eg", "u", "vk", "zedboard"])
def test_other_names_are_merely_not_known(name: str) -> None:
    with pytest.raises(ValueError, match=" is not known; "):
        get_board(name)


def test_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family 'ecp5' is not one of xcup, xc7"):
        Board("b", "p", "ecp5", 1, 1, 1, 1, 1, 1, 100.0, 50.0, "v:b:*", "DS0")
