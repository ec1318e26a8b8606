# SPDX-License-Identifier: Apache-2.0
"""The netlist of a whole Zynq-7000 design: the layers as they were counted, and what is around them."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fpgan.build.implement.synth
from fpgan.build.implement.route.chains import Words, short_chains_as_luts
from fpgan.build.implement.route.nextpnr import SETTINGS
from fpgan.build.implement.synth import cells
from fpgan.build.implement.synth.fanout import REGISTERS, split
from fpgan.build.implement.synth.yosys import netlists, synth_layers
from fpgan.build.implement.synth.yosys_job import Job
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.sources import cells as models
from fpgan.hw.sources import sources
from fpgan.hw.system.children import run

TOP = "zynq7_top"
NETLIST = "netlist.json"  # in the project, for nextpnr-xilinx
NEAR = 32  # loads that a register drives in it

_TIMEOUT = 3600.0
_JOBS = 2
_NUMBERED = "_*_"  # names that Yosys gave to what has none in the sources
_AROUND = ("PS7", "BUFG")  # no resource that is counted
_YOSYS = """
import json, os, sys
from pyosys import libyosys
design = libyosys.Design()
with open(sys.argv[1], encoding="utf-8") as script:
    for words in json.load(script):
        libyosys.Pass.call(design, [os.fsencode(word) for word in words])
"""


def write_netlist(
    design: Design, host: Host, project: Path, work: Path, progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Write project/netlist.json, and work/netlist.v, the same as Verilog of Xilinx primitives.

    Each layer is the netlist that `fpgan synth` counts; the host interface, the bridge and the processor
    system are synthesized with the same settings. Returns the layers of synth.json, and `board` for all
    around them. Raises ToolError.
    """
    for path in sources(TOP, Path()):
        shutil.copyfile(path, project / path.name)
    layers = synth_layers(design, _JOBS, lambda line: progress(f"synthesizing {line}"))
    paths = netlists(design)
    progress("synthesizing the host interface")
    board = [project / path.name for path in sources(TOP, Path())]
    outside = synth_around(design, host, paths, work, TOP, board)
    progress("joining the layers")
    mapped = _join([*paths, outside], project / NETLIST, work)
    whole = cells.count({kind: number for kind, number in mapped.items() if kind not in _AROUND})
    rest = {key: max(0, whole[key] - sum(layer[key] for layer in layers)) for key in cells.COLUMNS}
    return [*layers, {"name": "board", **rest}]


def synth_around(
    design: Design, host: Host, layers: Sequence[Path], work: Path, top: str, board: Sequence[Path]
) -> Path:
    """Everything but the layers, which stay black boxes; returns its netlist as Verilog, work/TOP.v.

    top: TOP, or the host interface's own. board: sources around the host interface. Raises ToolError.
    """
    boxes, out = _black_boxes(layers, work), work / f"{top}.v"
    inside = {name for layer in design.layers for name in layer.sources}
    around = ("axil_stream", "axi_dma_stream")  # which share modules with layers
    inside -= {path.name for module in around for path in sources(module, Path())}
    names = [name for name in host.sources if name not in inside]
    files = [boxes, *names, *board]
    job, mapped = work / "around.job.json", work / "around.json"
    memory = {"MEMORY": int(host.options.bus == "axi")} if top == TOP else {}
    texts = [str(path) for path in files]
    Job(top, texts, design.family, str(work / "around.stat"), str(mapped), str(out), memory).write(job)
    command = [sys.executable, str(_flow("yosys_job.py")), str(job)]
    run(command, host.root, work / "around.log", "synthesis of the host interface", _TIMEOUT)
    return out


def _black_boxes(layers: Sequence[Path], work: Path) -> Path:
    """Verilog of the ports of the layers, and of the processor system and clock buffer around them."""
    boxes = work / "boxes.v"
    (around,) = (path for path in models() if path.stem == "zynq7")
    script = [
        *(("read_verilog", path) for path in layers),
        ("read_verilog", "-sv", around),
        ("setattr", "-mod", "-set", "keep", "1", "PS7"),  # while a plain name still finds it
        ("blackbox", "*"),
        ("write_verilog", "-blackboxes", boxes),
    ]
    yosys(script, work, "boxes")
    return boxes


def _join(parts: Sequence[Path], netlist: Path, work: Path) -> dict[str, int]:
    """One flat netlist of the parts; returns its cells, kind -> number."""
    script = [
        ("read_verilog", "-lib", "+/xilinx/cells_sim.v", "+/xilinx/cells_xtra.v"),
        *(("read_verilog", path) for path in parts),
        ("rename", "-hide", *(f"{kind}:{_NUMBERED}" for kind in "wc")),
        ("hierarchy", "-check", "-top", TOP),
        ("flatten",),
        *short_chains_as_luts(),
        *for_router(),
        ("opt_clean", "-purge"),
        ("delete", "t:$scopeinfo"),
        ("autoname",),  # what has a number alone is named after what it is connected to
        ("blackbox", "=A:whitebox"),  # library cells with a function are no part of the design
        ("setattr", "-mod", "-unset", "src", "=*"),  # names of files here
        ("attrmap", "-remove", "src", "=*"),
        ("write_json", netlist),
    ]
    yosys(script, work, "join")
    found = _for_placer(netlist)
    script = [
        ("read_json", netlist),
        ("hierarchy", "-top", TOP),
        ("splitnets",),
        ("write_verilog", "-noattr", work / "netlist.v"),
    ]
    yosys(script, work, "verilog")
    return found


def _for_placer(netlist: Path) -> dict[str, int]:
    """Copy registers that drive much, so that each copy can lie beside its loads; the placer's settings.

    Returns the netlist's cells, kind -> number.
    """
    whole = json.loads(netlist.read_text(encoding="utf-8"))
    module = whole["modules"][TOP]
    split(module, NEAR, REGISTERS)
    split(module)
    module["settings"] = SETTINGS
    netlist.write_text(json.dumps(whole), encoding="utf-8")
    return dict(Counter(cell["type"] for cell in module["cells"].values()))


def for_router() -> list[Words]:
    """Commands of Yosys that leave primitives which nextpnr-xilinx places and routes.

    See nextpnr.v and ramb36.v. DSP48E1 loses the parameters of its pattern detector, which must be unused:
    the router ends at their values.
    """
    return [
        *(("techmap", "-map", Path(__file__).with_name(name)) for name in ("nextpnr.v", "ramb36.v")),
        ("chtype", "-set", "CARRY4", "t:$__CARRY4"),
        ("select", "-assert-none", "t:DSP48E1", "r:USE_PATTERN_DETECT=PATDET", "%i"),
        ("setparam", "-unset", "MASK", "-unset", "PATTERN", "t:DSP48E1"),
    ]


def yosys(script: Sequence[Words], work: Path, name: str) -> None:
    """Run commands of Yosys in a process of its own; leaves work/NAME.log. Raises ToolError."""
    path = work / f"{name}.ys.json"
    path.write_text(json.dumps([[str(word) for word in words] for words in script]), encoding="utf-8")
    run([sys.executable, "-c", _YOSYS, str(path)], work, work / f"{name}.log", f"Yosys on {name}", _TIMEOUT)


def _flow(name: str) -> Path:
    return Path(next(iter(fpgan.build.implement.synth.__path__))) / name
