# SPDX-License-Identifier: Apache-2.0
"""fpgan sim"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import real, whole
from fpgan.build.cli.options import seed as seed_option


def command(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="BUILD folder.")],
    images: Annotated[
        int | None,
        whole("Images, streamed back to back.", 1, default="64, or as many as there are; with --waves 1"),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="INT,...",
            help="What to draw, of a design with classes: 7, or 1,3,5 or 0..9 in turn.",
            show_default="all in turn",
        ),
    ] = None,
    seed: Annotated[int, seed_option("Which of the golden vectors.")] = 0,
    stall: Annotated[float, real("Probability that either side pauses in a cycle.", 0, 1, "[)")] = 0.0,
    waves: Annotated[
        bool,
        typer.Option("--waves", help="Also write BUILD/waves.fst (waves.vcd without liblz4), at most 1 GB."),
    ] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="Also compare every layer's stream with numpy's.")
    ] = False,
    reset_first: Annotated[
        bool, typer.Option("--reset-first", help="Begin with a reset inside an image.")
    ] = False,
    netlist: Annotated[
        bool, typer.Option("--netlist", help="Simulate Yosys' netlists of Xilinx primitives instead.")
    ] = False,
    threads: Annotated[
        int, whole("Of the simulation: more are faster for wide designs on idle cores.", 1)
    ] = 1,
    walk: Annotated[
        int | None,
        whole("A way through so many golden latents and back, 12 images each: walk.gif.", 2),
    ] = None,
    truncation: Annotated[
        float | None,
        real("With --walk: share to keep of what is random in a latent.", 0, 1, "(]", default="1"),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="File of `fpgan weights` to load, of a design whose weights are loaded."),
    ] = None,
    json: Json = False,
) -> None:
    """Simulate the RTL in Verilator, or an HLS build as C++, and compare every pixel with PyTorch.

    Examples:

    `fpgan sim build --images 64`: the steady rate and 64 images

    `fpgan sim build --stall 0.3 --waves`: random pauses, one image, waveform for GTKWave or Surfer

    `fpgan sim build --images 8 --layers`: which layer is the first that differs from numpy

    `fpgan sim build --images 256 --threads 2`: a wide design on idle cores

    `fpgan sim build --label 7`: only sevens, of a design that draws what it is asked for

    `fpgan sim build --walk 10 --label 0..9 --truncation 0.7`: from digit to digit, as a moving picture

    `fpgan sim build --weights retrained.bin`: another training on the same hardware

    `fpgan sim build --images 2 --netlist`: what synthesis made of it, gate by gate
    """
    from fpgan.build.api.builds import Build
    from fpgan.sim.vectors import parse_labels

    labels = None if label is None else parse_labels(label)
    with steps("sim") as progress:
        found = Build.open(build).simulate(
            images, label=labels, seed=seed, stall=stall, waves=waves, layers=layers, reset_first=reset_first,
            netlist=netlist, threads=threads, walk=walk, truncation=truncation, weights=weights,
            progress=progress,
        )  # fmt: skip
    if found.threads_warning:
        typer.echo(f"warning: {found.threads_warning}", err=True)
    result = found.as_json()
    show(result, json, _lines(result, build, "netlist_sim.png" if netlist else "sim.png"), found.wrong)


def _lines(result: dict[str, Any], build: Path, picture: str) -> list[str]:
    lines = [
        f"{result['images']} images, {result['pixels']} pixels, {result['mismatches']} mismatches "
        f"(golden: {result['golden']})",
        _pace(result),
    ]
    if walked := result.get("walk"):
        lines.append(f"{build / walked['file']}: through {walked['latents']} latents and back to the first")
    if made := result.get("numpy_images"):
        lines.append(f"{made} images have no golden ones: theirs are by numpy, on the proved graph")
    if (seen := result.get("label_agreement")) is not None:
        lines.append(f"the classifier sees the label asked for in {seen:.1%}")
    if layers := result.get("layers"):
        words = sum(layer["words"] for layer in layers)
        lines.append(f"{len(layers)} layers, {words} words compared with numpy's")
    if waves := result.get("waves"):
        size, held = f"{waves['bytes'] / 1e6:,.1f} MB", f"{waves['cycles']} cycles"
        all_of = "all" if waves["whole"] else "full after the first"
        lines.append(f"{build / waves['file']}: {size}, {all_of} {held}")
    return [*lines, str(build / picture)]


def _pace(result: dict[str, Any]) -> str:
    if result["how"] == "csim":
        slowest = max(layer["counted"] for layer in result["iterations"].values())
        return (
            f"C simulation, which has no clock; the slowest layer's loop takes {slowest} iterations per image"
        )
    return (
        f"{result['cycles_per_image']} cycles per image, latency {result['latency_cycles']}, "
        f"efficiency {result['efficiency']:.3f}, {result['kcycles_per_second']:,.0f} kcycles/s"
    )
