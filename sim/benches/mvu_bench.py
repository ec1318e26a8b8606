# SPDX-License-Identifier: Apache-2.0
"""Test bench for compute cores with the ports of FINN's mvu: many parameter sets in one build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpgan.sim.benches.runner import run_cocotb
from fpgan.sim.golden import IntArray, cascade_places
from fpgan.sim.packing import pack

_PORTS = ("en", "first", "last", "w", "a", "vld", "p")


@dataclass(frozen=True)
class MvuCase:
    """Parameters of a core; latency: cycles from `last` to `vld` that it shall take.

    chain: slices of a chain of mvu_cascade, whose weights come later the further up they are; late: cycles
    that all weights come after their step; extra: further parameters, as SystemVerilog.
    """

    pe: int
    simd: int
    weight_bits: int
    act_bits: int
    signed: bool
    narrow: bool
    latency: int
    groups: int = 40
    longest: int = 6  # most steps of a group
    chain: int = 1
    late: int = 0
    extra: str = ""

    @property
    def accumulator_bits(self) -> int:
        """Bits that hold any sum of the longest group."""
        worst = self.longest * self.simd * 2 ** (self.weight_bits - 1 + self.act_bits)
        return int(worst).bit_length() + 1


@dataclass(frozen=True)
class Steps:
    """What a core is fed, a row per cycle, and what it must answer.

    weights (T,PE,SIMD), activations (T,SIMD), first and last (T), results (groups,PE).
    """

    weights: IntArray
    activations: IntArray
    first: NDArray[np.bool_]
    last: NDArray[np.bool_]
    results: IntArray


def random_steps(case: MvuCase, seed: int) -> Steps:
    """Groups of random length with idle steps between, random values with runs of extremes among them."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, case.longest + 1, case.groups)
    last = np.zeros(int(lengths.sum()), bool)
    last[np.cumsum(lengths) - 1] = True
    low = -(2 ** (case.weight_bits - 1))
    act_low, act_high = (-(2 ** (case.act_bits - 1)) if case.signed else 0), 2**case.act_bits
    act_high += act_low
    w = rng.integers(low + case.narrow, -low, (len(last), case.pe, case.simd))
    a = rng.integers(act_low, act_high, (len(last), case.simd))
    for step in rng.integers(0, len(last), len(last) // 4):
        w[step] = rng.choice([low + case.narrow, -low - 1])
        a[step] = rng.choice([act_low, act_high - 1])
    a[rng.random(len(last)) < 0.1] = 0
    starts = np.cumsum(lengths) - lengths
    first = np.zeros(len(last), bool)
    first[starts] = True
    results = np.add.reduceat(np.einsum("tps,ts->tp", w, a), starts)
    steps = np.repeat(np.arange(len(last)), 1 + (rng.random(len(last)) < 0.1))
    idle = np.r_[False, steps[1:] == steps[:-1]]  # the second of a pair
    found = Steps(
        w[steps], np.where(idle[:, None], 0, a[steps]), first[steps] & ~idle, last[steps] & ~idle, results
    )
    return _later(found, cascade_places(case.simd, case.chain) + case.late)


def _later(steps: Steps, places: IntArray) -> Steps:
    """The weights of each input so many cycles later; idle steps at the end until the last of them came."""
    count, end = len(steps.first), int(places.max())
    weights = np.zeros((count + end, *steps.weights.shape[1:]), np.int64)
    for s, place in enumerate(places):
        weights[place : place + count, :, s] = steps.weights[:, :, s]
    first, last = (np.pad(flags, (0, end)) for flags in (steps.first, steps.last))
    return Steps(weights, np.pad(steps.activations, ((0, end), (0, 0))), first, last, steps.results)


def check_mvu(
    module: str,
    sources: Sequence[Path],
    cases: Sequence[MvuCase],
    build_dir: Path,
    extra: str = "",
    pauses: bool = True,
    warnings: bool = True,
    optimize: bool = True,
) -> None:
    """Check every case against numpy in one Verilator build: `en` always on and, with `pauses`, at random.

    extra: further parameters of the module, as SystemVerilog; optimize: see run_cocotb. Raises ToolError,
    AssertionError.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    wrapper, vectors = build_dir / "bench.sv", build_dir / "vectors.npz"
    wrapper.write_text(_bench_source(module, cases, extra), encoding="utf-8")
    arrays: dict[str, NDArray] = {
        "latency": np.array([case.latency for case in cases]),
        "pauses": np.array(pauses),
    }
    for i, case in enumerate(cases):
        steps = random_steps(case, seed=i)
        arrays |= {
            f"w{i}": pack(steps.weights, case.pe * case.simd, case.weight_bits),
            f"a{i}": pack(steps.activations, case.simd, case.act_bits),
            f"p{i}": pack(steps.results, case.pe, case.accumulator_bits),
            f"first{i}": steps.first,
            f"last{i}": steps.last,
        }
    np.savez(vectors, **arrays)  # type: ignore[arg-type]
    run_cocotb(
        "bench", [*sources, wrapper], "fpgan.sim.benches.tb_mvu", build_dir, plusargs=[f"+vectors={vectors}"],
        warnings=warnings, optimize=optimize,
    )  # fmt: skip


def _bench_source(module: str, cases: Sequence[MvuCase], extra: str) -> str:
    declared, instances = ["input logic clk"], []
    reset = ".ctrl_rst({}), .zero(1'b0)" if module == "mvu" else ".rst({})"
    for i, case in enumerate(cases):
        bits = {
            "w": case.pe * case.simd * case.weight_bits,
            "a": case.simd * case.act_bits,
            "p": case.pe * case.accumulator_bits,
        }
        declared += [f"input logic c{i}_{name}" for name in ("rst", "en", "first", "last")]
        declared += [f"input logic [{bits[name] - 1}:0] c{i}_{name}" for name in ("w", "a")]
        declared += [f"output logic c{i}_vld", f"output logic [{bits['p'] - 1}:0] c{i}_p"]
        names = _PORTS if module == "mvu" else _PORTS[1:]
        ports = ", ".join([reset.format(f"c{i}_rst"), *(f".{n}(c{i}_{n})" for n in names)])
        narrow = f", .NARROW_WEIGHTS({int(case.narrow)})" if extra else ""
        instances.append(
            f"  {module} #(.PE({case.pe}), .SIMD({case.simd}), .WEIGHT_WIDTH({case.weight_bits}),"
            f" .ACTIVATION_WIDTH({case.act_bits}), .ACCU_WIDTH({case.accumulator_bits}),"
            f" .SIGNED_ACTIVATIONS({int(case.signed)}){narrow}{extra}{case.extra}) c{i} (.clk(clk), {ports});"
        )
    return (
        "module bench (\n    " + ",\n    ".join(declared) + "\n);\n" + "\n".join(instances) + "\nendmodule\n"
    )
