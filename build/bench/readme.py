# SPDX-License-Identifier: Apache-2.0
"""The tables of the README, made of BENCH.json: `python -m fpgan.build.bench.readme`.

It writes between the lines MARKS of README.md, of the BENCH.json beside this module, that of the release.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fpgan.build.bench.against import read_bench
from fpgan.build.bench.designs import all_designs
from fpgan.hw.boards import get_board
from fpgan.hw.system.files import write_beside
from fpgan.hw.system.reading import DamagedError, read_text
from fpgan.model.config import PRESETS, GeneratorConfig

RELEASED = Path(__file__).with_name("BENCH.json")
MARKS = ("<!-- of BENCH.json, by python -m fpgan.build.bench.readme -->", "<!-- as far as here -->")
_HEAD = (
    "| network, board | cycles per image (rival) | efficiency | LUT | DSP | BRAM18 | clock, MHz | images/s |",
    "|---|---|---|---|---|---|---|---|",
)
_BOARDS = {"ultra96": "Ultra96"}  # the others are written in capitals

Row = Mapping[str, Any]


def tables(bench: Mapping[str, Any]) -> str:
    """Markdown: the designs that were measured, how, and the largest one's operations per second."""
    rows = [row for row in bench["designs"] if row["cycles_per_image"] and row["at_estimated_clock"]]
    wrong = sum(row["mismatches"] for row in rows)
    images = sorted({row["images"] for row in rows})
    said: list[str] = [
        f"Cycles measured in Verilator; {wrong:,} pixels of {' or '.join(map(str, images))} images differ "
        f"from PyTorch's; {_counted(rows)}",
        "",
        *_HEAD,
        *map(_line, rows),
    ]
    if rows:
        said += ["", _operations(max(rows, key=lambda row: row["at_estimated_clock"]["gops"]))]
    return "\n".join(said)


def _counted(rows: list[Row]) -> str:
    ways = {row["resources_from"] for row in rows}
    if ways == {"yosys"}:
        return "resources counted by Yosys."
    return "resources counted by Yosys, or, with a ~, as the build estimates them."


def _line(row: Row) -> str:
    later, used, about = row["at_estimated_clock"], row["resources"], "~" * (row["resources_from"] != "yosys")
    ultra = f" + {used['URAM']} URAM" if used["URAM"] else ""
    rival = f" ({row['rival']['cycles_per_image']:,})" if row["rival"] else ""
    board = get_board(row["board"])
    shares = [
        f"{about}{used[name]:,} ({100 * used[name] / getattr(board, name):.0f} %)" if used[name] else "0"
        for name in ("LUT", "DSP", "BRAM18")
    ]
    return (
        f"| {_title(row)} | **{row['cycles_per_image']:,}**{rival} | {row['efficiency']:.2f} "
        f"| {' | '.join(shares)}{ultra} | {_clock(row)} | {later['frames_per_second']:,.0f} |"
    )


def _title(row: Row) -> str:
    """Network and board; what was asked for besides, where that is not the board's share."""
    known = {design.name: design.title for design in all_designs()}
    bits = (row["weight_bits"], row["act_bits"])
    title = known.get(row["name"]) or row["preset"]
    if row["preset"] not in PRESETS or bits != _usual_bits(PRESETS[row["preset"]].generator):
        title += " at W{}A{}".format(*("".join(map(str, sorted(set(one)))) for one in bits))
    if row["target_fps"]:
        title += f" at {row['target_fps']:,.0f} images/s"
    return f"{title}, {_BOARDS.get(row['board'], row['board'].upper())}"


def _usual_bits(preset: GeneratorConfig) -> tuple[list[int], list[int]]:
    return list(preset.layer_weight_bits), list(preset.layer_act_bits)


def _clock(row: Row) -> str:
    """The slower one of the design's and the estimate; behind it the estimate where there is room."""
    clock, estimate = row["at_estimated_clock"]["clock_mhz"], 1000 / row["estimated_ns"]
    return f"{clock:.0f}" + (f", of {estimate:.0f}" if estimate >= row["clock_mhz"] + 1 else "")


def _operations(row: Row) -> str:
    later = row["at_estimated_clock"]
    zeros = row["gops_with_zeros"] / row["gops"]
    return (
        f"At {later['clock_mhz']:.0f} MHz {_title(row)}, does {later['gops'] / 1000:.2f} TOPS of useful work "
        f"({later['gops'] * zeros / 1000:.1f} TOPS if inserted zeros were counted, as some papers do)."
    )


def between(text: str, path: Path) -> tuple[str, str, str]:
    """A README's text before, between and behind MARKS. DamagedError where one is not there, or twice."""
    start, end = (text.find(f"{mark}\n") for mark in MARKS)
    if not 0 <= start < end or any(text.count(mark) != 1 for mark in MARKS):
        raise DamagedError(path, f"must hold {' and '.join(MARKS)} once each, a line each, in this order")
    start += len(MARKS[0]) + 1
    return text[:start], text[start:end], text[end:]


def written(bench: Mapping[str, Any]) -> str:
    """What stands between the marks."""
    return f"\n{tables(bench)}\n\n"


def write(readme: Path, bench: Path = RELEASED) -> None:
    """Put the tables of bench into readme. DamagedError for files that hold something else."""
    before, _, behind = between(read_text(readme), readme)
    text = f"{before}{written(read_bench(bench))}{behind}"
    write_beside(readme, lambda path: path.write_text(text, encoding="utf-8"))


def main() -> None:
    """Write the tables into README.md, or into the file that is given."""
    parser = argparse.ArgumentParser(description="Write the README's tables of a BENCH.json.")
    parser.add_argument("readme", nargs="?", type=Path, default=Path("README.md"))
    parser.add_argument("--bench", type=Path, default=RELEASED, help="that of the release")
    given = parser.parse_args()
    write(given.readme, given.bench)


if __name__ == "__main__":
    main()
