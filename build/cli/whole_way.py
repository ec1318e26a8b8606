# SPDX-License-Identifier: Apache-2.0
"""The whole way on the shipped checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.flow import build
from fpgan.build.implement.synthesize import synth
from fpgan.build.report.page import report
from fpgan.sim.simulate import simulate

CHECKPOINT = "mnist32-labels"
_FPS_PER_MHZ = 240  # 4,166 cycles per image: small enough to count in a minute or two
_BASELINE_IMAGES = 4

Progress = Callable[[str], None]


def demo(
    out: str | Path = "out/demo", board: str = "ultra96", images: int = 128, progress: Progress | None = None
) -> dict[str, Any]:
    """Export the shipped mnist32-labels checkpoint, build, simulate against PyTorch, count, report.

    Writes out/mnist32-labels.onnx, out/build (with sim.json, synth.json, report.html) and
    out/build_zero_insert, the same network by zero insertion at the same lanes. Returns sim, zero_insert,
    synth (contents of the files) and report (path).
    """
    from fpgan.hw.boards import get_board
    from fpgan.model.checkpoints import shipped
    from fpgan.model.export import export

    say = progress or (lambda _: None)
    out, clock = Path(out), get_board(board).default_clock_mhz
    out.mkdir(parents=True, exist_ok=True)

    def within(name: str) -> Progress:
        return lambda step: say(f"{name}: {step}")

    say("export")
    model = export(shipped(CHECKPOINT), out / f"{CHECKPOINT}.onnx", vectors=max(images, 256))
    main, baseline = out / "build", out / "build_zero_insert"
    build(model, main, board, target_fps=_FPS_PER_MHZ * clock, progress=within("build"))
    sim = simulate(main, images, progress=within("sim"))
    build(model, baseline, board, deconv="zero_insert", like=main, progress=within("build zero_insert"))
    zero_insert = simulate(baseline, min(images, _BASELINE_IMAGES), progress=within("sim zero_insert"))
    counted = synth(main, progress=within("synth"))
    page = report(main, baseline)
    return {"sim": sim, "zero_insert": zero_insert, "synth": counted, "report": str(page)}
