# SPDX-License-Identifier: Apache-2.0
"""A rate on the board: route, fold again for the clock that was reached, until the bitstream makes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.flow import build as build_again
from fpgan.build.implement.bitstream import bitstream
from fpgan.build.implement.route.nextpnr import SEEDS
from fpgan.build.report.made import arguments_of
from fpgan.hw.design import Design
from fpgan.hw.system.tools import ToolError

ROUNDS = 4
_HEADROOM = 0.95  # of the clock that was reached: a wider design reaches less

Progress = Callable[[str], None]


def bitstream_at(
    target_fps: float,
    build: str | Path,
    out: str | Path = "deploy",
    board: str | None = None,
    tool: str = "openxc7",
    bus: str | None = None,
    progress: Progress | None = None,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """`bitstream` that makes `target_fps` images per second at the clock which was routed.

    A BUILD that is too slow at its clock, or reaches less than that, is built again from its model, as its
    report says how it was built, with the target and, once one was reached, a clock that is 5 % below it.
    Raises ValueError where the model is no longer there, the target is out of reach, or the tool is not
    openxc7; ToolError as `bitstream` does, and where the rate is not made after ROUNDS rounds.
    """
    if tool != "openxc7":
        raise ValueError(
            f"target_fps={target_fps:g}: goes with openxc7; by {tool} a clock is met or an error"
        )
    say, build = progress or (lambda _: None), Path(build)
    design = Design.load(build)
    if _rate(design) < target_fps:
        _fold_again(design, target_fps, design.clock_mhz, say)
    facts = bitstream(build, out, board, tool, bus, progress, seeds)
    for _ in range(ROUNDS - 1):
        if _made(facts, target_fps):
            return facts
        clock = math.floor(facts["clock_mhz"] * _HEADROOM)
        _fold_again(Design.load(build), target_fps, clock, say)
        facts = bitstream(build, out, board, tool, bus, progress, seeds)
    if _made(facts, target_fps):
        return facts
    raise ToolError(
        f"{target_fps:,.10g} images/s: {out} makes {facts['frames_per_second']:,.0f} at "
        f"{facts['clock_mhz']:g} MHz after {ROUNDS} rounds of folding and routing; ask for less"
    )


def _made(facts: dict[str, Any], target_fps: float) -> bool:
    """Whether the rate is reached, or cannot be known, as the tools are missing."""
    return bool(facts["missing"] or facts["frames_per_second"] >= target_fps)


def _rate(design: Design) -> float:
    return design.clock_mhz * 1e6 / float(design.report["cycles_per_image"])


def _fold_again(design: Design, target_fps: float, clock_mhz: float, say: Progress) -> None:
    """The same build with another target and clock, in its place."""
    arguments = arguments_of(build_again, design.report["made"]["command"])
    model = Path(arguments["model"])
    if not model.is_file():
        raise ValueError(f"{design.root}: was built from {model}, which is not here; run this where it is")
    say(f"folding again for {target_fps:,.10g} images/s at {clock_mhz:g} MHz")
    changed = {"out": design.root, "clock_mhz": clock_mhz, "target_fps": target_fps, "like": None}
    build_again(**arguments | changed, progress=lambda step: say(f"folding again: {step}"))
