# SPDX-License-Identifier: Apache-2.0
"""Test benches for stream modules: numpy words in, numpy words expected, many parameter sets in one build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpgan.sim.benches.runner import run_cocotb

Words = NDArray[np.uint8]
LONG, SHORTEST = 8, 1  # cycles of a reset; the latter is enough for modules of ours
SEEDS = (1, 2, 3)  # of registers that nothing resets, for benches that are cheap to run again


@dataclass(frozen=True)
class Ports:
    """Names of a stream module's ports; each stream is named by its prefix."""

    clock: str = "ap_clk"
    clock2x: str | None = None  # a second clock at twice the rate
    reset: str = "ap_rst_n"
    source: str = "s_axis"
    sink: str = "m_axis"
    suffixes: tuple[str, str, str] = ("tdata", "tvalid", "tready")
    tied: Mapping[str, str] = field(default_factory=dict)  # further ports and what to connect to them


FINN_PORTS = Ports(source="in0_V", sink="out0_V", suffixes=("TDATA", "TVALID", "TREADY"))
TOP_PORTS = Ports(source="s_axis_0", sink="m_axis_0")


@dataclass(frozen=True)
class StreamCase:
    """One set of parameters with its stimulus and truth.

    inputs, outputs: (beats, bytes per beat), several images back to back; a list of them for a module with
    several streams side by side in its ports, each as wide as the widest, the first one lowest. cycles: what
    each free-running output may take from its first to its last beat, both counted; None: unchecked. module:
    another one than the bench's.
    """

    parameters: Mapping[str, int | str | tuple[int, ...]]
    inputs: Words | Sequence[Words]
    outputs: Words | Sequence[Words]
    cycles: int | None = None
    module: str | None = None

    @property
    def streams(self) -> dict[str, list[Words]]:
        """By side: s_axis, m_axis."""
        sides = {"s_axis": self.inputs, "m_axis": self.outputs}
        return {k: [v] if isinstance(v, np.ndarray) else list(v) for k, v in sides.items()}


def check_streams(
    module: str,
    sources: Sequence[Path],
    cases: Sequence[StreamCase],
    build_dir: Path,
    ports: Ports | None = None,
    run_dir: Path | None = None,
    seeds: Sequence[int] = (1,),
    warnings: bool = True,
    seen: Path | None = None,
    reset: int = LONG,
) -> None:
    """Check every case against `module` in one Verilator build.

    Each runs with free-running streams (where `cycles` is checked too), with random pauses on both sides, and
    after a reset in mid-stream; a checker sees that tvalid and tdata hold while stalled. seen: npz file
    for valid and ready (cycles,2) of each stream while there were pauses, from the reset on. reset: cycles of
    each. Raises ToolError, AssertionError: see run_cocotb.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    wrapper = build_dir / "bench.sv"
    wrapper.write_text(bench_source(module, cases, ports or Ports()), encoding="utf-8")
    every = [*sources, wrapper]
    run_bench(every, cases, build_dir, run_dir, seeds, warnings, optimize=False, seen=seen, reset=reset)


def run_bench(
    sources: Sequence[Path],
    cases: Sequence[StreamCase],
    build_dir: Path,
    run_dir: Path | None = None,
    seeds: Sequence[int] = (1,),
    warnings: bool = True,
    optimize: bool = True,
    seen: Path | None = None,
    reset: int = LONG,
) -> None:
    """Run what check_streams runs on a top `bench`, with the ports of bench_source, that `sources` hold."""
    build_dir.mkdir(parents=True, exist_ok=True)
    vectors = build_dir / "vectors.npz"
    arrays: dict[str, NDArray] = {"cycles": np.array([case.cycles or 0 for case in cases])}
    for i, case in enumerate(cases):
        arrays |= {f"c{i}_{side}_{k}": w for side, words in case.streams.items() for k, w in enumerate(words)}
    np.savez(vectors, **arrays)  # type: ignore[arg-type]
    held = build_dir / "held.sv"
    held.write_text(_held_source(cases), encoding="utf-8")
    run_cocotb(
        "bench", [*sources, held], "fpgan.sim.benches.tb_stream", build_dir,
        plusargs=[f"+vectors={vectors}", f"+reset={reset}", *([f"+seen={seen}"] if seen else [])],
        run_dir=run_dir, seeds=seeds, warnings=warnings, optimize=optimize,
    )  # fmt: skip


def bench_source(module: str, cases: Sequence[StreamCase], ports: Ports) -> str:
    """A top that instantiates `module` once per case, with streams c<i>_s_axis_<k> and c<i>_m_axis_<k>."""
    declared, instances = ["input logic ap_clk", "input logic ap_rst_n"], []
    if ports.clock2x:
        declared.append("input logic ap_clk2x")
    for i, case in enumerate(cases):
        connections = [f".{ports.clock}(ap_clk)", f".{ports.reset}(ap_rst_n)"]
        if ports.clock2x:
            connections.append(f".{ports.clock2x}(ap_clk2x)")
        for side, name in (("s_axis", ports.source), ("m_axis", ports.sink)):
            words = case.streams[side]
            declared += [port for k, w in enumerate(words) for port in _declared(f"c{i}_{side}_{k}", side, w)]
            connections += _connected(f"c{i}_{side}", name, ports, words)
        connections += [f".{port}({value})" for port, value in ports.tied.items()]
        values = ", ".join(f".{name}({_literal(value)})" for name, value in case.parameters.items())
        name, given = case.module or module, f" #({values})" if values else ""
        instances.append(f"  {name}{given} c{i} (\n      {', '.join(connections)});")
    body = ",\n    ".join(declared)
    return f"module bench (\n    {body}\n);\n" + "\n".join(instances) + "\nendmodule\n"


def _held_source(cases: Sequence[StreamCase]) -> str:
    """What each output offers holds until it is taken: a checker bound to the bench, RTL or netlist."""
    return "".join(
        f"bind bench stream_held #(.WIDTH({8 * words.shape[1]})) {stream}_held (\n"
        f"    .offer({stream}_tdata), .valid({stream}_tvalid), .ready({stream}_tready), .*);\n"
        for i, case in enumerate(cases)
        for k, words in enumerate(case.streams["m_axis"])
        for stream in [f"c{i}_m_axis_{k}"]
    )


def _declared(stream: str, side: str, words: Words) -> list[str]:
    given, taken = ("input", "output") if side == "s_axis" else ("output", "input")
    return [
        f"{given} logic [{8 * words.shape[1] - 1}:0] {stream}_tdata",
        f"{given} logic {stream}_tvalid",
        f"{taken} logic {stream}_tready",
    ]


def _connected(stream: str, name: str, ports: Ports, words: Sequence[Words]) -> list[str]:
    """Connections of one side of an instance."""
    widest, joined = max(w.shape[1] for w in words), []
    for theirs, ours in zip(ports.suffixes, Ports().suffixes, strict=True):
        signals = []
        for k, w in reversed(list(enumerate(words))):
            missing = 8 * (widest - w.shape[1]) if ours == "tdata" else 0
            signals += [*([f"{missing}'d0"] if missing else []), f"{stream}_{k}_{ours}"]
        joined.append(f".{name}_{theirs}({{{', '.join(signals)}}})")
    return joined


def _literal(value: int | str | tuple[int, ...]) -> str:
    if isinstance(value, tuple):
        return "{" + ", ".join(f"32'd{v}" for v in reversed(value)) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)
