# SPDX-License-Identifier: Apache-2.0
"""fpgan build"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from fpgan.build.cli.common import Json, errors, show, steps


def command(
    model: Annotated[Path, typer.Argument(help="Quantized ONNX file; `fpgan inspect` shows how it is read.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("build_out"),
    board: Annotated[str, typer.Option(help="Board to fold for; `fpgan doctor` lists them.")] = "ultra96",
    clock_mhz: Annotated[Optional[float], typer.Option(help="Clock; the board's default.")] = None,  # noqa: UP045
    target_fps: Annotated[Optional[float], typer.Option(help="Cheapest design that reaches it.")] = None,  # noqa: UP045
    max_utilization: Annotated[float, typer.Option(help="Share of the board to use.")] = 0.8,
    budget: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Amount instead of the share: LUT=32792; also DSP, BRAM18; repeat for more."),
    ] = None,
    cores: Annotated[str, typer.Option(help="Compute cores to choose from: lut, dsp, dsp2x.")] = "lut,dsp",
    deconv: Annotated[str, typer.Option(help="subpixel or zero_insert.")] = "subpixel",
    like: Annotated[Optional[Path], typer.Option(help="Fold as this BUILD is folded.")] = None,  # noqa: UP045
    backend: Annotated[str, typer.Option(help="rtl, or hls: C++ for Vitis HLS.")] = "rtl",
    json: Json = False,
) -> None:
    """Turn a quantized ONNX file, QONNX or QCDQ, into RTL, or into C++ for Vitis HLS.

    Examples:

    `fpgan build mnist32.onnx --board ultra96 --out build`: the fastest design within 80 % of the board

    `fpgan build mnist32.onnx --board zcu104 --target-fps 50000`: the cheapest that makes 50,000 images/s

    `fpgan build mnist32.onnx --budget LUT=32792 --budget BRAM18=96`: the fastest within these amounts

    `fpgan build mnist32.onnx --backend hls`: the same accelerator as C++ for Vitis HLS, in OUT/hls
    """
    with errors():
        from fpgan.build.flow import build

        with steps("build") as progress:
            report = build(
                model, out, board, clock_mhz, target_fps, max_utilization,
                _amounts(budget), cores.split(","), deconv,  # type: ignore[arg-type]
                like=like, progress=progress, backend=backend,  # type: ignore[arg-type]
            )  # fmt: skip
        totals = ", ".join(f"{n} {k}" for k, n in report["totals"].items() if n)
        lines = [
            f"{out}: {report['cycles_per_image']} cycles per image expected, {report['mac_lanes']} MAC "
            f"lanes, {report['frames_per_second']:,.0f} images/s at {report['clock_mhz']:g} MHz",
            f"estimated: {totals}",
        ]
        if report["decision"]:
            lines.append(f"fastest that fits: {report['decision']['fastest_cycles']} cycles; "
                         f"faster: {report['decision']['next_lacks']}")  # fmt: skip
        lines += _checks(report)
        show(report, json, lines)


def _checks(report: dict[str, Any]) -> list[str]:
    proof, float32 = report["threshold_proof"], report["float32"]
    lines = [f"thresholds equal the float function on {proof['values']:,} accumulator values"]
    if float32["differ"]:
        lines.append(
            f"float32 differs from exact sums in {float32['differ']:,} of {float32['values']:,} "
            f"output values ({float32['rate']:.2%}): scales are no powers of two"
        )
    return lines + report["notes"]


def _amounts(texts: list[str] | None) -> dict[str, int]:
    amounts = {}
    for text in texts or []:
        kind, _, value = text.partition("=")
        if not value.isdecimal():
            raise ValueError(f"--budget {text}: KIND=AMOUNT is expected, as LUT=32792")
        amounts[kind] = int(value)
    return amounts
