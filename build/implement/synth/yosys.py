# SPDX-License-Identifier: Apache-2.0
"""Resources and an estimate of timing with Yosys, layer by layer; `synth` is what `fpgan synth` calls."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from fpgan.build.implement.synth import cells, timing
from fpgan.build.implement.synth.yosys_job import Job
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design, Layer
from fpgan.hw.system.tools import ToolError, cache_dir, run

Progress = Callable[[str], None]  # called with a line on each layer that is done

_HERE = Path(__file__).parent
_FLOW = ("blackbox.v", "bmux.v", "cells.py", "timing.py", "yosys_job.py")
_HDL = (".sv", ".v", ".svh", ".vh")
_TIMEOUT = 3600.0  # seconds for one layer; a 576-DSP matrix unit takes about 180


def synth(
    build: Path, tool: str = "yosys", jobs: int = 2, progress: Progress | None = None, pnr: bool = False
) -> dict[str, Any]:
    """Resources of a build against its board, written to BUILD/synth.json and returned.

    `tool`: "yosys" (layer by layer, `jobs` at a time, summed; leaves BUILD/netlist/MODULE.v) or "vivado" (out
    of context, where installed). pnr: also place and route with nextpnr-xilinx, for its clock (Zynq-7000);
    where it is not installed, `missing` of `timing` says so.
    Raises ValueError for an unknown tool, no jobs, a folder that is no build, or pnr of what is not routed,
    ToolError where a tool fails.
    """
    design = Design.load(build)
    design.require_rtl("synthesis")
    if jobs < 1:
        raise ValueError(f"jobs={jobs}: must be at least 1")
    if pnr:
        _check_routable(design, tool)
    if tool == "yosys":
        layers = synth_layers(design, jobs, progress)
        slowest = max(layers, key=lambda layer: layer["timing"]["ns"])
        timed: dict[str, Any] = {
            "estimated_ns": slowest["timing"]["ns"],
            "layer": slowest["name"],
            "levels": slowest["timing"]["levels"],
            "path": f"{slowest['timing']['start']} -> {slowest['timing']['end']}",
            "how": timing.HOW,
        }
        if pnr:
            from fpgan.build.implement.route.pnr import route

            timed = {**timed, **route(design, progress)}
    elif tool == "vivado":
        from fpgan.build.implement.synth import vivado

        layers, timed = vivado.synthesize(design)
    else:
        raise ValueError(f"tool {tool!r} is not known; choose yosys or vivado")
    result = summarize(design, tool, layers, timed)
    write_result(design, result)
    return result


def _check_routable(design: Design, tool: str) -> None:
    from fpgan.build.implement.route.pnr import check

    if tool != "yosys":
        raise ValueError(f"--pnr goes with --tool yosys; {tool} routes by itself")
    check(design)


def write_result(design: Design, result: dict[str, Any]) -> None:
    """BUILD/synth.json, whole or as it was."""
    _write(design.root / "synth.json", (json.dumps(result, indent=1) + "\n").encode(), "result")


def summarize(
    design: Design, tool: str, layers: list[dict[str, Any]], timed: dict[str, Any]
) -> dict[str, Any]:
    """synth.json: the layers, their sums, the board, and what the build itself had estimated."""
    totals = cells.total(layers)
    budget = get_board(design.board).budget
    return {
        "tool": tool,
        "part": design.part,
        "layers": layers,
        "totals": totals,
        "budget": budget,
        "utilization": cells.utilization(totals, budget),
        "estimates": _estimates(design),
        "timing": timed,
    }


def _estimates(design: Design) -> dict[str, Any]:
    try:
        return dict(design.report["totals"])
    except (OSError, KeyError):
        return {}


def synth_layers(design: Design, jobs: int, progress: Progress | None = None) -> list[dict[str, Any]]:
    """One synth.json entry per layer, in the design's order; layers known from before are not run again."""
    found: dict[str, dict[str, Any]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(_synth_layer, design, layer): layer for layer in design.layers}
        try:
            for done in as_completed(running):
                found[running[done].name] = done.result()
                if progress:
                    progress(f"{running[done].name} ({len(found)} of {len(running)} layers)")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [{"name": layer.name, **found[layer.name]} for layer in design.layers]


def netlists(design: Design, jobs: int = 2, progress: Progress | None = None) -> list[Path]:
    """BUILD/netlist/MODULE.v of every layer: Verilog that instantiates Xilinx primitives (hw/cells).

    Those that are missing or were made from other sources than BUILD/rtl holds are made anew. Raises
    ToolError.
    """
    paths = [design.root / "netlist" / f"{layer.module}.v" for layer in design.layers]
    if not all(_is_current(*pair, design) for pair in zip(design.layers, paths, strict=True)):
        synth_layers(design, jobs, progress)
    return paths


def _is_current(layer: Layer, path: Path, design: Design) -> bool:
    if not path.exists():
        return False
    with path.open() as text:
        return text.readline() == _header(layer_digest(design, layer))


def _header(digest: str) -> str:
    """First line of a netlist: what it was made from."""
    return f"// sources and flow: sha256 {digest}\n"


def _synth_layer(design: Design, layer: Layer) -> dict[str, Any]:
    digest = layer_digest(design, layer)
    known = cache_dir() / "synth" / f"{digest}.json"
    netlist = known.with_suffix(".v.gz")  # a twentieth: most of it are names
    if not (known.exists() and netlist.exists()):
        work = design.root / "synth"
        entry = synth_module(design.rtl, list(layer.sources), layer.module, design.family, work)
        known.parent.mkdir(parents=True, exist_ok=True)
        mapped = work / f"{layer.module}.v"
        _write(netlist, gzip.compress(_header(digest).encode() + mapped.read_bytes(), 1), layer.name)
        _write(known, json.dumps(entry).encode(), layer.name)
        mapped.unlink()
    text = gzip.decompress(netlist.read_bytes())
    _write(design.root / "netlist" / f"{layer.module}.v", text, layer.name)
    result: dict[str, Any] = json.loads(known.read_text())
    return result


def _write(path: Path, content: bytes, writer: str) -> None:
    """Write a file that others may be writing or reading too."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f"{path.name}.{writer}.part")
    partial.write_bytes(content)
    partial.replace(path)


def synth_module(
    rtl: Path,
    sources: list[str],
    top: str,
    family: str,
    work: Path,
    parameters: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Synthesize one module: resource columns, "seconds", "timing" {ns, levels} and "cells" per primitive.

    `sources` are names in `rtl`, in compile order; `work` receives <top>.log and the netlist, <top>.json and
    <top>.v.
    """
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    stat, netlist, log = work / f"{top}.stat.json", work / f"{top}.json", work / f"{top}.log"
    job = work / f"{top}.job.json"
    verilog = work / f"{top}.v"
    Job(top, sources, family, str(stat), str(netlist), str(verilog), parameters or {}).write(job)
    start = time.monotonic()
    run(
        [sys.executable, str(_HERE / "yosys_job.py"), str(job)],
        rtl,
        log,
        f"synthesis of {top}",
        _TIMEOUT,
    )
    seconds = round(time.monotonic() - start, 1)
    mapped = json.loads(stat.read_text())["design"]["num_cells_by_type"]
    try:
        columns = cells.count(mapped)
    except ValueError as error:
        raise ToolError(f"synthesis of {top}: {error} (log: {log})", log=log) from None
    return {
        **columns,
        "seconds": seconds,
        "timing": timing.longest_path(netlist, top, family),
        "cells": dict(sorted(mapped.items())),
    }


def layer_digest(design: Design, layer: Layer) -> str:
    """Hash of all that a layer's synthesis depends on: its sources, data files, the family and this flow."""
    digest = hashlib.sha256(f"{layer.module} {design.family}".encode())
    paths = [design.rtl / name for name in layer.sources]
    paths += data_files(design.rtl, layer.sources)
    for path in [*paths, *(_HERE / name for name in _FLOW)]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def data_files(rtl: Path, sources: tuple[str, ...]) -> list[Path]:
    """Memory files that the sources may read: those whose name starts with one of their string literals.

    Names are built in SystemVerilog ("layer_" plus a stage number), hence the prefix.
    """
    literals: set[str] = set()
    for name in sources:
        literals.update(re.findall(r'"(?:\./)?([\w.-]{3,})"', (rtl / name).read_text(errors="replace")))
    return [
        path
        for path in sorted(rtl.iterdir())
        if path.suffix not in _HDL and any(path.name.startswith(literal) for literal in literals)
    ]
