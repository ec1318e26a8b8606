# SPDX-License-Identifier: Apache-2.0
"""Resources, an estimate of timing and netlists with Yosys, layer by layer, each kept in the user's cache."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import get_ident
from typing import Any

from fpgan.build.implement.synth import cells, fanout, timing
from fpgan.build.implement.synth.paths import TimedPath
from fpgan.build.implement.synth.wires import WIRES, longest
from fpgan.build.implement.synth.yosys_job import Job
from fpgan.hw.design import Design, Layer
from fpgan.hw.synth_file import LongestPath
from fpgan.hw.system.children import end_all, run
from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.fields import shape_of
from fpgan.hw.system.files import make_folder, write_bytes, write_json, writing
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import Each, Whole, check_shape
from fpgan.hw.system.tools import ToolError

Progress = Callable[[str], None]  # called with a line on each layer that is done

_HERE = Path(__file__).parent
_FLOW = (
    "blackbox.v", "bmux.v", "cells.py", "delays.py", "delays.yaml", "fanout.py", "paths.py", "timing.py",
    "wires.py", "yosys_job.py",
)  # fmt: skip
_HDL = (".sv", ".v", ".svh", ".vh")
_ENTRY = {
    **dict.fromkeys(cells.COLUMNS, Whole()), "seconds": float, "cells": Each(str, Whole()),
    "fanout": {"loads": Whole(), "net": str},
    "timing": shape_of(LongestPath),
}  # fmt: skip
_TIMEOUT = 3600.0  # seconds for one layer; a 576-DSP matrix unit takes about 180


def synth_layers(design: Design, jobs: int, progress: Progress | None = None) -> list[dict[str, Any]]:
    """One synth.json entry per layer, in the design's order; layers known from before are not run again.

    ValueError where another process is at it.
    """
    found: dict[str, dict[str, Any]] = {}
    threads: set[int] = set()
    with (
        only_writer(design.root / "synth"),
        ThreadPoolExecutor(max(jobs, 1), initializer=lambda: threads.add(get_ident())) as pool,
    ):
        running = {pool.submit(_synth_layer, design, layer): layer for layer in design.layers}
        try:
            for done in as_completed(running):
                found[running[done].name] = done.result()
                if progress:
                    progress(f"{running[done].name} ({len(found)} of {len(running)} layers)")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in running):  # a thread may be about to start one
                end_all(threads)
                time.sleep(0.05)
            raise
    return [{"name": layer.name, **found[layer.name]} for layer in design.layers]


def netlists(design: Design, progress: Progress | None = None, jobs: int = 2) -> list[Path]:
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
    with path.open(encoding="utf-8") as text:
        return text.readline() == _header(layer_digest(design, layer))


def _header(digest: str) -> str:
    """First line of a netlist: what it was made from."""
    return f"// sources and flow: sha256 {digest}\n"


def _synth_layer(design: Design, layer: Layer) -> dict[str, Any]:
    digest = layer_digest(design, layer)
    entry, netlist = _kept(digest) or _made(design, layer, digest)
    folder = design.root / "netlist"
    make_folder(folder)
    write_bytes(folder / f"{layer.module}.v", netlist)
    return entry


def _made(design: Design, layer: Layer, digest: str) -> tuple[dict[str, Any], bytes]:
    """Synthesized, and kept for the next time. Of what Yosys wrote the log stays."""
    work = design.root / "synth"
    try:
        entry = synth_module(design.rtl, list(layer.sources), layer.module, design.family, work)
        netlist = _header(digest).encode() + (work / f"{layer.module}.v").read_bytes()
    finally:
        for suffix in (".v", ".json", ".stat.json", ".job.json"):
            (work / f"{layer.module}{suffix}").unlink(missing_ok=True)
    with suppress(ValueError):  # a cache that cannot be written costs time, nothing else
        known, packed = _cached(digest)
        make_folder(known.parent)
        write_bytes(packed, gzip.compress(netlist, 1))
        write_json(known, entry)
    return entry, netlist


def _kept(digest: str) -> tuple[dict[str, Any], bytes] | None:
    """What was made of these sources before; None where there is nothing, or it is damaged."""
    known, packed = _cached(digest)
    try:
        entry, netlist = read_json(known), gzip.decompress(packed.read_bytes())
        check_shape(entry, _ENTRY, known)
    except (OSError, ValueError, EOFError, zlib.error):
        return None
    return (entry, netlist) if netlist.startswith(_header(digest).encode()) else None


def _cached(digest: str) -> tuple[Path, Path]:
    """Figures, and the netlist in a twentieth of its size: most of it are names."""
    known = cache_dir() / "synth" / f"{digest}.json"
    return known, known.with_suffix(".v.gz")


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
    make_folder(work)
    stat, netlist, log = work / f"{top}.stat.json", work / f"{top}.json", work / f"{top}.log"
    job = work / f"{top}.job.json"
    verilog = work / f"{top}.v"
    with writing(job):
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
    mapped = json.loads(stat.read_text(encoding="utf-8"))["design"]["num_cells_by_type"]
    try:
        columns = cells.count(mapped)
    except ValueError as error:
        raise ToolError(f"synthesis of {top}: {error} (log: {log})", log=log) from None
    return {
        **columns,
        "seconds": seconds,
        "fanout": fanout.largest(netlist, top),
        "timing": _timed(timing.longest_paths(netlist, top, family), family),
        "cells": dict(sorted(mapped.items())),
    }


def _timed(paths: list[TimedPath], family: str) -> dict[str, Any]:
    """`timing` of a layer: its longest path in a near-empty chip, and those that may be it elsewhere."""
    ns, path = longest(paths, WIRES[family].near_empty)
    return {
        "ns": round(ns, 3), "levels": path.levels, "start": path.start, "end": path.end,
        "paths": [asdict(path) for path in paths],
    }  # fmt: skip


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
        literals.update(
            re.findall(r'"(?:\./)?([\w.-]{3,})"', (rtl / name).read_text(encoding="utf-8", errors="replace"))
        )
    return [
        path
        for path in sorted(rtl.iterdir())
        if path.suffix not in _HDL and any(path.name.startswith(literal) for literal in literals)
    ]
