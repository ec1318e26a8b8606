# SPDX-License-Identifier: Apache-2.0
"""A board design for Vivado: its project, and the bitstream where Vivado is installed.

The Tcl scripts in tcl/ are the same for every design; settings.tcl and a Verilog wrapper are written for one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.build.implement.bitstream.ip_wrapper import IP, ip_wrapper
from fpgan.build.implement.synth.cells import COLUMNS
from fpgan.build.implement.synth.vivado import parse_hierarchy, read_report
from fpgan.hw.boards import Board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.host.registers import ADDRESS_BITS
from fpgan.hw.system.children import run
from fpgan.hw.system.reading import read_text
from fpgan.hw.system.tools import ToolError, find_tool
from fpgan.sim.activity import SAIF

BUSES = ("axi", "axil")
OLDEST = "2021.1"  # has the KV260's part and the folder of the .hwh that the scripts expect

_TIMEOUT = 12 * 3600.0
_TOP = "system_wrapper"
_ACTIVITY = "activity.saif"
# scopes of the accelerator in the board design, behind the one of the simulation
_ABOVE = (_TOP, "system_i", "accelerator", "inst", "host", "accelerator")
_SCRIPTS = Path(__file__).parent / "tcl"
_COMMAND = "vivado -mode batch -source project/build.tcl"


def implement(build: Path, board: Board, work: Path, progress: Callable[[str], None]) -> Implemented:
    """Write work/project and run it where Vivado is on PATH. See `Implemented`.

    Raises ValueError for a Vivado that is too old, ToolError where it fails or the clock is not met.
    """
    design, project = Design.load(build), work / "project"
    progress("writing the project")
    write_project(design, board, Host.load(project / "host"), project)
    vivado = find_tool("vivado")
    if vivado is None:
        return Implemented(
            missing=f"vivado not found on PATH; where Vivado {OLDEST} or newer is installed, "
            f"run `{_COMMAND}` in this folder"
        )
    check_version(vivado, work)
    log = work / "vivado.log"
    progress(f"Vivado: synthesis, placement, routing; its log is {log}")
    command = [str(vivado), "-mode", "batch", "-nojournal", "-notrace", "-log", str(log), "-source"]
    try:
        run([*command, str(project / "build.tcl")], work, work / "output.log", "Vivado", _TIMEOUT)
    except ToolError as error:
        raise _explained(error, project / "reports" / "summary.txt", design) from None
    figures = read_reports(project / "reports", design)
    return Implemented(bit=work / "fpgan.bit", hwh=work / "fpgan.hwh", figures=figures)


def check_version(vivado: Path, work: Path) -> None:
    """ValueError for a Vivado older than OLDEST; ToolError where it does not say."""
    text = run([str(vivado), "-version"], work, work / "version.log", "asking Vivado's version", 300)
    found = re.search(r"[Vv]ivado\s+v?(\d+)\.(\d+)", text)
    if found is None:
        raise ToolError(f"{vivado} does not say its version (log: {work / 'version.log'})")
    oldest = tuple(int(part) for part in OLDEST.split("."))
    if (int(found[1]), int(found[2])) < oldest:
        raise ValueError(f"Vivado {found[1]}.{found[2]} is too old; install {OLDEST} or newer")


def write_project(design: Design, board: Board, host: Host, project: Path) -> None:
    """The scripts, settings.tcl and the IP's wrapper beside project/host; all paths are relative."""
    for script in sorted(_SCRIPTS.glob("*.tcl")):
        shutil.copyfile(script, project / script.name)
    (project / f"{IP}.v").write_text(ip_wrapper(host), encoding="utf-8")
    (project / "settings.tcl").write_text(settings(design, board, host), encoding="utf-8")
    traced = design.root / SAIF
    if traced.exists():
        text = nested_saif(read_text(traced), design.top, _ABOVE)
        (project / _ACTIVITY).write_text(text, encoding="utf-8")


def nested_saif(text: str, top: str, above: Sequence[str]) -> str:
    """A SAIF file with its scope `top` replaced by scopes inside each other. Vivado strips the outer two.

    ValueError for a file without that scope.
    """
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip() == f"(INSTANCE {top}"), -1)
    indent = lines[first].partition("(")[0] if first >= 0 else ""
    if first < 0 or f"{indent})" not in lines[first:]:
        raise ValueError(f"{SAIF}: is damaged, it has no scope {top}; run fpgan power again")
    last = lines.index(f"{indent})", first)
    lines[first] = "\n".join(f"{indent}(INSTANCE {name}" for name in above)
    lines[last] = "\n".join(f"{indent})" for _ in above)
    return "\n".join([*lines, ""])


def settings(design: Design, board: Board, host: Host) -> str:
    """What the scripts need to know of a design, as a Tcl array."""
    memory = host.options.bus == "axi"
    values: dict[str, str | int | list[str]] = {
        "part": board.part,
        "family": board.family,
        "board_files": [board.vivado_board],
        "vivado": OLDEST,
        "clock_mhz": f"{design.clock_mhz:g}",
        "ps_clock_mhz": f"{board.ps_clock_mhz:g}",
        "two_clocks": int(host.pumped),
        "memory": int(memory),
        "address": f"0x{board.register_address:08X}",
        "span": 2**ADDRESS_BITS,
        "top": IP,
        "interfaces": ["s_axil", *(["m_axi"] if memory else [])],
        "sources": list(host.sources),
        "data": data_names(host),
    }
    lines = [f"    {key} {{{_words(value)}}}" for key, value in values.items()]
    head = f"# {host.top} for {board.name}; the scripts' only settings."
    return "\n".join([head, "array set design {", *lines, "}", ""])


def _words(value: str | int | list[str]) -> str:
    words = [str(word) for word in (value if isinstance(value, list) else [value])]
    for word in words:
        if not re.fullmatch(r"[\w./:*+-]+", word):
            raise ValueError(f"{word!r}: a name that a Tcl script cannot hold; rename it")
    return " ".join(words)


def data_names(host: Host) -> list[str]:
    """Strings in the sources that name data files of `host`: each file by its longest beginning there is.

    A source gives a whole name, or what comes before numbers. ValueError where a file is named by none.
    """
    texts = [(host.root / name).read_text(encoding="utf-8") for name in host.sources]
    quoted = {name for text in texts for name in re.findall(r'"([\w./-]+)"', text)}
    found = set()
    for path in host.root.glob("*.dat"):
        named = [name for name in quoted if path.name.startswith(name.removeprefix("./") or "/")]
        if not named:
            raise ValueError(f"{path}: no source reads it; build again")
        found.add(max(named, key=len))
    return sorted(found)


def read_reports(reports: Path, design: Design) -> dict[str, Any]:
    """Entries of synth.json: the layers, `board` for all around them, the clock that was routed, and power.

    A layer that Vivado merged into its neighbours has no row of its own and counts 0; so does nothing twice.
    """
    facts, table = _summary(reports / "summary.txt"), reports / "utilization.rpt"
    wanted = {f"{layer.module}_i": layer.name for layer in design.layers}
    found = parse_hierarchy(read_report(table), {**wanted, _TOP: _TOP}, "Instance")
    entries = {entry["name"]: entry for entry in found}
    if _TOP not in entries:
        raise ToolError(f"Vivado's report lacks its top (see {table})")
    none = dict.fromkeys(COLUMNS, 0)
    layers = [entries.get(layer.name, {"name": layer.name, **none}) for layer in design.layers]
    rest = {key: max(0, entries[_TOP][key] - sum(layer[key] for layer in layers)) for key in COLUMNS}
    hertz, slack = float(facts["clock_hz"]), float(facts["setup_slack_ns"])
    timing = {
        "routed_mhz": round(1000 / (1e9 / hertz - slack), 1),
        "board_mhz": round(hertz / 1e6, 3),
        "how": f"Vivado {facts['vivado']}, the whole board design, placed and routed",
    }
    how = f"Vivado {facts['vivado']}, report_power, activity {_activity(reports.parent)}"
    power = {**parse_power(read_report(reports / "power.rpt")), "how": how}
    return {"layers": [*layers, {"name": "board", **rest}], "timing": timing, "power": power}


def _activity(project: Path) -> str:
    return (
        "of the simulation"
        if (project / _ACTIVITY).exists()
        else "by default: fpgan power gives the real one"
    )


def parse_power(report: str) -> dict[str, float]:
    """Watts of the whole device, processor system and all, from a report of report_power."""
    rows = {"total_W": "Total On-Chip Power", "dynamic_W": "Dynamic", "static_W": "Device Static"}
    found = {key: re.search(rf"\| {row} \(W\) *\| *([\d.]+)", report) for key, row in rows.items()}
    missing = [rows[key] for key, match in found.items() if match is None]
    if missing:
        raise ToolError(f"Vivado's power report has no row {missing[0]}")
    return {key: float(match[1]) for key, match in found.items() if match}


def _summary(path: Path) -> dict[str, str]:
    pairs = [line.partition(" ") for line in read_report(path).splitlines()]
    return {key: value for key, _, value in pairs}


def _explained(error: ToolError, summary: Path, design: Design) -> ToolError:
    """A clock that is not met as such, with one that would be."""
    facts = _summary(summary) if summary.exists() else {}
    slack = float(facts.get("setup_slack_ns", 0))
    if slack >= 0:
        return error
    # a path of the faster of two clocks has half the period
    periods = 1 + design.pumped
    slower = int(1e3 / (1e3 / design.clock_mhz - periods * slack))
    return ToolError(
        f"the clock of {design.clock_mhz:g} MHz is not met by {-slack:g} ns; "
        f"run fpgan build --clock-mhz {slower} (log: {error.log})",
        error.command,
        error.log,
    )
