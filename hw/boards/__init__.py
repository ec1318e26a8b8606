# SPDX-License-Identifier: Apache-2.0
"""Facts about FPGA boards: part, family and resources, from hw/boards/boards.yaml."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FAMILIES = ("xcup", "xc7")
# What Vivado knows and this project has no shell for: their names and parts, in letters and digits alone.
_UNSUPPORTED = {
    "Alveo": r"alveo\w*|a?u(2[56]|30|45n|50\w*|55[cn]\w*|200|250|280)|xcu\d\w*",
    "Versal": r"versal\w*|v[cehmp]k\d+\w*|v[78]0|xcv[cehmnp]?\d\w*",
}
RESOURCES = ("LUT", "FF", "DSP", "BRAM18", "URAM")


@dataclass(frozen=True)
class Memory:
    """The processor system's: bits of its bus, millions of transfers per second, share of these for reads."""

    bits: int
    mega_transfers: int
    efficiency: float
    source: str

    @property
    def bandwidth(self) -> int:
        """MB/s that long reads get."""
        return int(self.mega_transfers * self.bits / 8 * self.efficiency)


@dataclass(frozen=True)
class Board:
    """A board and what its programmable logic holds; BRAM18 counts 18 Kb halves of block RAM."""

    name: str
    part: str
    family: str  # "xcup" (UltraScale+) or "xc7" (7-series), Yosys' names
    dsp_version: int  # 1: DSP48E1, 2: DSP48E2
    LUT: int
    FF: int
    BRAM18: int
    URAM: int
    DSP: int
    default_clock_mhz: float
    ps_clock_mhz: float  # of the oscillator that the processor system runs from
    vivado_board: str  # glob of the names of Vivado's board files
    source: str  # the data sheet that the figures come from
    aliases: Sequence[str] = ()  # what else it is called; capitals and dashes do not count
    memory: Memory | None = None  # None: not known

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"board {self.name}: family {self.family!r} is not one of {', '.join(FAMILIES)}")

    @property
    def names(self) -> tuple[str, ...]:
        """What it goes by: name, aliases, part."""
        return (self.name, *self.aliases, self.part)

    @property
    def budget(self) -> dict[str, int]:
        """Resources as report.json and synth.json name them."""
        return {kind: getattr(self, kind) for kind in RESOURCES}

    @property
    def register_address(self) -> int:
        """Where the registers are: in what GP0 of a Zynq-7000, or HPM0 of an UltraScale+, reaches."""
        return 0x43C0_0000 if self.family == "xc7" else 0xA000_0000

    @property
    def memory_ports(self) -> tuple[int, int]:
        """Ports of the logic to the memory, and bits of each.

        UG585: four AXI_HP of 64 bits; UG1085: S_AXI_HP0 to 3 and HPC0 and 1 of 128.
        """
        return (4, 64) if self.family == "xc7" else (6, 128)

    @property
    def most_clock_mhz(self) -> float:
        """The fastest clock that the processor system's AXI ports take, which all of a design runs from.

        DS187 and DS191, FMAXI_GP and FMAXI_HP; DS925, FSAXIHPCLK and FMAXIHPCLK. It gives faster ones.
        """
        return 250.0 if self.family == "xc7" else 333.0

    @property
    def dsp_block(self) -> str:
        """The DSP slice's primitive: DSP48E1 or DSP48E2."""
        return f"DSP48E{self.dsp_version}"


@cache
def boards() -> dict[str, Board]:
    """All known boards by name."""
    text = Path(__file__).with_name("boards.yaml").read_text(encoding="utf-8")
    return {name: _board(name, facts) for name, facts in yaml.safe_load(text).items()}


def _board(name: str, facts: dict[str, Any]) -> Board:
    memory = facts.pop("memory", None)
    return Board(name=name, memory=Memory(**memory) if memory else None, **facts)


def get_board(name: str) -> Board:
    """The board of that name, as FPGAN, PYNQ, FINN or Vivado write it, or with that part.

    ValueError where no board or more than one is meant; it says which is nearest, and lists the known ones.
    """
    known, meant = boards(), _meant(str(name))
    if len(meant) == 1:
        return known[meant[0]]
    if meant:
        raise ValueError(f"board {name!r} may be {' or '.join(meant)}; name the one that is meant")
    if kind := _unsupported(str(name)):
        raise ValueError(
            f"board {name!r}: {kind} devices are not supported, only Zynq-7000 and Zynq UltraScale+; "
            f"choose one of {', '.join(sorted(known))}"
        )
    names = {_plain(alias): board.name for board in known.values() for alias in board.names}
    near = difflib.get_close_matches(_plain(str(name)), names, n=1)
    nearest = f"the nearest is {names[near[0]]}; " if near else ""
    raise ValueError(f"board {name!r} is not known; {nearest}choose one of {', '.join(sorted(known))}")


def _meant(name: str) -> list[str]:
    """Boards that go by a name, whatever its capitals and dashes, or by one of Vivado's board files."""
    plain, file = _plain(name), name.lower() + ":"  # with or without the version behind the last colon
    return [
        board.name
        for board in boards().values()
        if plain in map(_plain, board.names) or fnmatchcase(file, board.vivado_board)
    ]


def _unsupported(name: str) -> str | None:
    """The kind of device of a board, a part or one of Vivado's board files, where it is not supported."""
    words = [_plain(word) for word in (name, name.partition(":")[2].partition(":")[0])]
    matches = (kind for kind, known in _UNSUPPORTED.items() for word in words if re.fullmatch(known, word))
    return next(matches, None)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))
