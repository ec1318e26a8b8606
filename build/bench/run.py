# SPDX-License-Identifier: Apache-2.0
"""The benchmark: every design built, simulated and counted, software and published figures beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fpgan.build.bench import row, software
from fpgan.build.bench.bench_file import Bench, explained
from fpgan.build.bench.designs import BenchDesign, select
from fpgan.build.bench.fit import fit
from fpgan.build.bench.networks import Networks
from fpgan.build.bench.picture import draw
from fpgan.build.bench.resume import made_of, rows_to_keep
from fpgan.build.report.rivals import other_networks
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import make_folder, write_beside

Progress = Callable[[str], None]


def bench(
    out: str | Path = "out",
    designs: Sequence[str | BenchDesign] | None = None,
    images: int | None = None,
    synth: bool = True,
    progress: Progress | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Measure where the designs stand: against the limit, zero insertion, published rivals, CPU and GPU.

        from fpgan.build.bench import bench
        result = bench("out", designs=["mnist32-ultra96"], synth=False)
        print(result["designs"][0]["cycles_per_image"], result["software"][0]["frames_per_second"])

    out: folder to write; builds are kept in out/bench, where `fpgan report` opens them.
    designs: names of build/bench/designs.yaml or BenchDesigns of your own; all of the file by default.
    images: simulated for each design, instead of its own number; whole batches where weights are streamed.
    synth: also count resources with Yosys.
    progress: called with what is being done. resume: keep the rows of out/BENCH.json that would come out the
    same, since nothing that they come from has changed.

    Writes out/BENCH.json, after each design what is known by then, out/bench.png, and out/costs.png (LUTs
    estimated against counted, layer by layer); returns what BENCH.json says. A design that fails has its
    one-line `error` there, the others go on; `failed` names those with an error or a mismatch. Raises
    ValueError for designs that are not known or images out of range.
    """
    chosen = select(designs)
    if images is not None and images < 2:
        raise ValueError(f"images={images}: give at least 2; their distance is the cycles per image")
    out, say = Path(out), progress or (lambda _: None)
    make_folder(out / "bench")
    counts = {design.name: design.simulated(images) for design in chosen}
    networks = Networks(out / "bench" / "networks", max(counts.values()))
    result: dict[str, Any] = {
        "complete": False, "failed": [], "designs": [], "software": [], "machine": software.machine(),
        "published": other_networks(), "units": explained(),
    }  # fmt: skip
    keys = [made_of(design, counts[design.name], synth) for design in chosen]
    rows = rows_to_keep(out, chosen, keys) if resume else {}
    result["designs"] = [rows[design.name] for design in chosen if design.name in rows]
    _save(result, out)
    result["software"] = _software(chosen, networks, say)
    for index, (design, key) in enumerate(zip(chosen, keys, strict=True), 1):
        heading = _under(say, f"{index}/{len(chosen)} {design.name}")
        if design.name in rows:
            heading("kept")
            continue
        make_model = partial(networks.model, design, heading)
        measured = row.measure(design, make_model, out / "bench", counts[design.name], synth, heading)
        rows[design.name] = measured | {"made_of": key}
        result["designs"] = [rows[design.name] for design in chosen if design.name in rows]
        if row.failed(measured):
            result["failed"].append(design.name)
        _save(result, out)
    say("drawing")
    draw(result, out / "bench.png")
    result["estimates"] = fit([out / "bench" / design.name for design in chosen], out / "costs.png")
    result["complete"] = True
    _save(result, out)
    return result


def _software(designs: list[BenchDesign], networks: Networks, say: Progress) -> list[dict[str, Any]]:
    """Rates of each preset, taken of its first design: board and bits change nothing for a CPU."""
    first = {design.preset: design for design in reversed(designs) if design.module is None}
    rows = []
    for preset in (preset for preset in dict.fromkeys(d.preset for d in designs) if preset in first):
        heading = _under(say, f"software {preset}")
        rates = software.measure(networks.run(first[preset], heading), heading)
        rows += [{"preset": preset, **rate} for rate in rates]
    return rows


def _under(say: Progress, heading: str) -> Progress:
    return lambda text: say(f"{heading}: {text}")


def _save(result: dict[str, Any], out: Path) -> None:
    text = json.dumps(as_written(Bench, result), indent=1) + "\n"
    write_beside(out / "BENCH.json", lambda path: path.write_text(text, encoding="utf-8"))
