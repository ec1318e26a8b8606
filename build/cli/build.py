# SPDX-License-Identifier: Apache-2.0
"""fpgan build"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.arguments import BACKENDS, CLOCK_MHZ, TARGET_FPS, UTILIZATION, checked
from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import board as board_option
from fpgan.build.cli.options import choice, quantizer, real, several
from fpgan.build.dataflow.styles import STORAGES, STYLES
from fpgan.build.folding.limits import CORES


def command(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="Quantized ONNX file; `fpgan inspect` shows how it is read."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("build_out"),
    board: Annotated[str, board_option("Board to fold for")] = "ultra96",
    clock_mhz: Annotated[float | None, real("Clock.", *CLOCK_MHZ, default="the board's")] = None,
    target_fps: Annotated[
        float | None,
        real(
            "Images per second: the cheapest design that makes them.",
            *TARGET_FPS,
            default="the most that fit",
        ),
    ] = None,
    max_utilization: Annotated[float, real("Share of the board to use.", *UTILIZATION)] = 0.8,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=AMOUNT",
            help="Amount instead of the share: LUT=32792; also DSP, BRAM18, URAM, BANDWIDTH (memory's, "
            "MB/s); repeat for more.",
        ),
    ] = None,
    cores: Annotated[
        str, several("Compute cores to choose from.", lambda: CORES, "lut,dsp,dsp2x,cascade")
    ] = "lut,dsp",
    deconv: Annotated[
        str,
        choice(
            "zero_insert: the literal reading, for comparison. FINN's own lowering: fpgan bench --lowerings.",
            STYLES,
        ),
    ] = "subpixel",
    like: Annotated[Path | None, typer.Option(help="Fold as this BUILD is folded.")] = None,
    input: Annotated[str | None, quantizer("Input")] = None,
    output: Annotated[str | None, quantizer("Output")] = None,
    backend: Annotated[str, choice("hls: C++ for Vitis HLS.", BACKENDS)] = "rtl",
    weight_storage: Annotated[
        str,
        choice(
            "Where weights live: loaded and auto write OUT/weights.bin too, streamed OUT/streamed.bin.",
            STORAGES,
        ),
    ] = "rom",
    any_weights: Annotated[
        bool, typer.Option("--any-weights", help="Room for any loaded weights of the same bits.")
    ] = False,
    batch: Annotated[
        int | None, typer.Option(help="Images for which streamed weights are read once.  [default: 1]")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Count each design with Yosys; fold again where it is too large.")
    ] = False,
    json: Json = False,
) -> None:
    """Turn a quantized ONNX file, QONNX or QCDQ, into RTL, or into C++ for Vitis HLS.

    Examples:

    `fpgan build mnist32.onnx --board ultra96 --out build`: the fastest design within 80 % of the board

    `fpgan build mnist32.onnx --board zcu104 --target-fps 50000`: the cheapest that makes 50,000 images/s

    `fpgan build mnist32.onnx --budget LUT=32792 --budget BRAM18=96`: the fastest within these amounts

    `fpgan build espcn.onnx --input u8:0.00390625 --output u8:0.00390625`: a file that quantizes neither

    `fpgan build mnist32.onnx --weight-storage loaded`: weights are loaded before the first image

    `fpgan build dcgan.onnx --weight-storage streamed --batch 8`: weights come from memory

    `fpgan build mnist32.onnx --backend hls`: the same accelerator as C++ for Vitis HLS, in OUT/hls
    """
    arguments = (
        model, out, board, clock_mhz, target_fps, max_utilization, _amounts(budget), cores.split(","), deconv,
        like,
    )  # fmt: skip
    checked(*arguments, backend, weight_storage, any_weights, batch, exact)
    given.to_write(out)

    from fpgan.build.api.result import result
    from fpgan.build.api.results import Plan
    from fpgan.build.flow import build

    with steps("build") as progress:
        more = (progress, backend, input, output, weight_storage, any_weights, batch, exact)
        report = build(*arguments, *more)  # type: ignore[arg-type]
    totals = ", ".join(f"{n} {k}" for k, n in report["totals"].items() if n)
    lines = [
        f"{out}: {report['cycles_per_image']} cycles per image expected, {report['mac_lanes']} MAC "
        f"lanes, {report['frames_per_second']:,.0f} images/s at {report['clock_mhz']:g} MHz",
        f"estimated: {totals}",
    ]
    if report["decision"]:
        lines.append(f"fastest that fits: {report['decision']['fastest_cycles']} cycles; "
                     f"faster: {report['decision']['next_lacks']}")  # fmt: skip
    show(report, json, lines + _checks(report), result(Plan, report, out).wrong)


def _checks(report: dict[str, Any]) -> list[str]:
    proof, float32 = report["threshold_proof"], report["float32"]
    lines = [f"thresholds equal the float function on {proof['values']:,} accumulator values"]
    if float32["differ"]:
        lines.append(
            f"float32 differs from exact sums in {float32['differ']:,} of {float32['values']:,} "
            f"output values ({float32['rate']:.2%}): scales are no powers of two"
        )
    runtime = report["onnx_runtime"]
    if runtime:
        lines.append(_runtime(runtime))
    return lines + report["notes"]


def _runtime(runtime: dict[str, Any]) -> str:
    """ONNX Runtime's own integers, and its arithmetic node by node."""
    own, plain = runtime["sessions"]
    each = [
        f"{session['differ']:,} of {session['values']:,} values{way}"
        + f", by {session['largest']} at most" * (session["differ"] > 0)
        for session, way in ((own, ""), (plain, " (node by node)"))
    ]
    return f"ONNX Runtime {runtime['version']} differs in {'; '.join(each)}"


def _amounts(texts: list[str] | None) -> dict[str, int]:
    amounts = {}
    for text in texts or []:
        kind, _, value = text.partition("=")
        try:
            amounts[kind] = int(value)
        except ValueError:
            raise ValueError(f"--budget {text}: KIND=AMOUNT is expected, as LUT=32792") from None
    return amounts
