# SPDX-License-Identifier: Apache-2.0
"""FINN's interface to its RTL simulator (finn.xsi), with Verilator behind it.

FINN compiles a top once (`compile_sim_obj`), keeps where the result lies in a node or a model, and loads it
for each run (`load_sim_obj`), which it resets, gives words and takes words from. A run of ours begins with a
reset in any case, and a program holds nothing between two of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finn.util.settings import get_settings

from fpgan.build.finn.finn_layers import copy_layer_sources, is_finns
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.sim.compiled.any_streams import StreamProgram, file_of

OFFERED = (
    "SimEngine", "close_rtlsim", "compile_sim_obj", "load_sim_obj", "reset_rtlsim", "rtlsim_multi_io",
)  # fmt: skip
PROGRAM_FOLDER = "xsim.dir"  # FINN finds the parts of a path by this name
PATIENCE = 100_000  # cycles without a word that count as a hang, where FINN says none


class SimEngine:
    """A compiled top, as FINN hands it from one function of finn.xsi to the next."""

    def __init__(self, program: StreamProgram) -> None:
        self.program = program


def compile_sim_obj(
    top_module_name: str,
    source_list: Sequence[str],
    sim_out_dir: Path,
    debug: bool = False,
    behav: bool = False,
) -> tuple[Path, Path]:
    """Verilate a top; returns the two parts of the program's path.

    Its files ($readmemh) are looked for in the folder of the top's file, as FINN's own are named absolutely.
    debug (a waveform) and behav (behavioural models of FINN's FIFOs) change nothing here. Raises ToolError.
    """
    paths = [Path(name) for name in dict.fromkeys(source_list) if Path(name).suffix in (".v", ".sv")]
    top = file_of(top_module_name, paths)
    copies = Path(sim_out_dir) / "rtl"
    copies.mkdir(parents=True, exist_ok=True)
    library = Path(get_settings().finn_rtllib).resolve()
    finns = [path for path in paths if library in path.resolve().parents]
    copy = copy_layer_sources if is_finns(finns) else copy_finn_sources
    sources = [copies / name for name in copy(finns, copies)]
    sources += [path for path in paths if path not in finns]
    out = Path(sim_out_dir) / PROGRAM_FOLDER / top_module_name
    StreamProgram.compile(top_module_name, sources, top.parent, out)
    return Path(sim_out_dir), Path(PROGRAM_FOLDER, top_module_name, "program")


def load_sim_obj(sim_out_dir: Path, out_so_relative_path: Path, tracefile: str | None = None) -> SimEngine:
    """What `compile_sim_obj` made. tracefile: ignored; `fpgan sim --waves` writes waveforms."""
    return SimEngine(StreamProgram.load((Path(sim_out_dir) / out_so_relative_path).parent))


def reset_rtlsim(sim: SimEngine) -> None:
    """Every run begins with a reset."""


def close_rtlsim(sim: SimEngine) -> None:
    """A run's process has ended with it."""


def rtlsim_multi_io(
    sim: SimEngine,
    io_dict: dict[str, dict[str, list[int]]],
    num_out_values: int | Mapping[str, int],
    sname: str = "_V",
    liveness_threshold: int = PATIENCE,
    **ignored: Any,
) -> int:
    """Give all words of io_dict["inputs"], put what comes into io_dict["outputs"]; returns the cycles.

    num_out_values: words of each output, or of the only one. Raises ToolError where no word moves for
    `liveness_threshold` cycles.
    """
    sinks = list(io_dict["outputs"])
    counts = num_out_values if isinstance(num_out_values, Mapping) else {sinks[0]: num_out_values}
    given = {f"{name}{sname}": [int(word) for word in words] for name, words in io_dict["inputs"].items()}
    wanted = {f"{name}{sname}": int(counts[name]) for name in sinks}
    taken, cycles = sim.program.run(given, wanted, int(liveness_threshold))
    for name in sinks:
        io_dict["outputs"][name] += taken[f"{name}{sname}"]
    return cycles
