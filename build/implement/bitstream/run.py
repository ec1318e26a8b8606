# SPDX-License-Identifier: Apache-2.0
"""`bitstream`: the board design by Vivado or the open tools, and the folder to copy to the board."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

from fpgan.build.implement.bitstream.deploy import MARKER, WRITTEN, write_deploy
from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.build.implement.host_options import host_options
from fpgan.build.implement.route.nextpnr import SEEDS
from fpgan.build.implement.synthesize import summarize, synth, write_result
from fpgan.hw.boards import Board, get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.files import make_folder, working_in
from fpgan.hw.system.folders import check_replaceable, only_writer, replaced_folder
from fpgan.sim.weights import chosen_weights

Progress = Callable[[str], None]
TOOLS = ("vivado", "openxc7")  # modules of this package


class Backend(Protocol):
    """A tool: buses that it supports, the default first, and the function that makes the bitstream."""

    BUSES: tuple[str, ...]

    def implement(
        self, build: Path, board: Board, work: Path, progress: Progress, **more: int
    ) -> Implemented:
        """Write work/project, run the tool where it is installed. See `Implemented`."""


def bitstream(
    build: str | Path,
    out: str | Path = "deploy",
    board: str | None = None,
    tool: str = "vivado",
    bus: str | None = None,
    progress: Progress | None = None,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """Put a BUILD on a board: the design around it, a bitstream, and what the board needs to run it.

        from fpgan.build.implement.bitstream import bitstream
        print(bitstream("build", out="deploy", board="pynq-z2", tool="vivado")["missing"])

    build: a BUILD of RTL. out: folder to write; an earlier one is replaced, anything else is refused.
    board: a name from hw/boards/boards.yaml, of the family that the build is for; the build's own.
    tool: vivado, or openxc7 (7-series without vendor tools).
    bus: axi (registers and a memory master) or axil (registers alone); the tool's first.
    progress: called with the name of each step.
    seeds: placements that openxc7 tries, side by side, until one meets the build's clock.

    Writes OUT with fpgan.bit (and fpgan.hwh by Vivado), driver/, selftest.py, facts.json, golden.npz,
    README.txt, project/ and, where weights are loaded, weights.bin. Where the tool is not installed there is
    no fpgan.bit, and `missing` of the result says in one line what to run where. Returns what OUT/facts.json
    says. Figures that the tool measured go to BUILD/synth.json. Logs are in BUILD/bitstream/BOARD-TOOL.

    Raises ValueError in one line for bad input, a design that the board has no room for, or a tool that is
    too old; ToolError where the tool fails or, by Vivado, the design does not meet its clock. OUT is then as
    it was. By openxc7 a clock that is not met is lowered to the fastest that is: `clock_mhz` of the result.
    """
    if seeds < 1:
        raise ValueError(f"seeds={seeds}: must be at least 1")
    say, out = progress or (lambda _: None), Path(out)
    design = Design.load(Path(build))
    design.require_rtl("a bitstream")
    target, chosen = get_board(board or design.board), _backend(tool)
    bus = bus or chosen.BUSES[0]
    if bus not in chosen.BUSES:
        raise ValueError(f"bus={bus}: {tool} supports {' and '.join(chosen.BUSES)}")
    _check_board(design, target)
    chosen_weights(design, None, of_build=False)  # refused before the tools run
    check_replaceable(out, MARKER, WRITTEN)
    with only_writer(design.root / "bitstream"):
        say("writing the host interface")
        work = _work_folder(design, target, tool)
        with working_in(work):
            host = emit_host(design, work / "project" / "host", host_options(design, target, bus))
            more = {"seeds": seeds} if tool == "openxc7" else {}
            made = chosen.implement(design.root, target, work, say, **more)
        say("writing the folder for the board")
        with replaced_folder(out, MARKER, WRITTEN) as partial:
            facts = write_deploy(partial, design, host, target, tool, work, made)
        if made.figures:
            _write_figures(design, tool, made.figures, say)
    return facts


def _backend(tool: str) -> Backend:
    if tool not in TOOLS:
        raise ValueError(f"tool {tool!r} is not known; choose {' or '.join(TOOLS)}")
    return cast(Backend, importlib.import_module(f"fpgan.build.implement.bitstream.{tool}"))


def _check_board(design: Design, board: Board) -> None:
    if design.family != board.family:
        raise ValueError(
            f"{design.root}: built for {design.board} ({design.family}), {board.name} is {board.family}; "
            f"run fpgan build --board {board.name}"
        )
    if design.clock_mhz > board.most_clock_mhz:
        raise ValueError(
            f"{design.root}: built for {design.clock_mhz:g} MHz, {board.name}'s AXI ports take up to "
            f"{board.most_clock_mhz:g} MHz; run fpgan build --clock-mhz {board.most_clock_mhz:g}"
        )
    needed, source = _needed(design)
    for kind, limit in board.budget.items():
        if needed.get(kind, 0) > limit:
            raise ValueError(
                f"{design.root}: needs {needed[kind]} {kind} ({source}), {board.name} has {limit}; "
                f"run fpgan build --board {board.name}"
            )


def _needed(design: Design) -> tuple[dict[str, int], str]:
    """Resources as synthesized, else as estimated."""
    counted = design.counted_whole()  # it is written again at the end
    return (counted["totals"], "synthesized") if counted else (design.report["totals"], "estimated")


def _work_folder(design: Design, board: Board, tool: str) -> Path:
    """Empty, but for project/; it stays, for its logs."""
    work = design.root / "bitstream" / f"{board.name}-{tool}"
    shutil.rmtree(work, ignore_errors=True)
    make_folder(work / "project")
    return work


def _write_figures(design: Design, tool: str, figures: dict[str, Any], progress: Progress) -> None:
    """Into synth.json: in its place where the tool counted the layers, else beside what Yosys counted."""
    if "layers" in figures:
        result = {**summarize(design, tool, figures["layers"], figures["timing"]), **figures}
    else:
        known = design.counted_whole() or synth(design.root, progress=progress)
        result = {**known, **figures, "timing": {**known["timing"], **figures.get("timing", {})}}
    write_result(design, result)
