# SPDX-License-Identifier: Apache-2.0
"""A bench that feeds random bits to models of primitives and their references and compares all outputs."""

from __future__ import annotations

import random
from pathlib import Path

from fpgan.sim.benches.runner import run_cocotb


class Bench:
    """SystemVerilog that feeds random bits to a model and its reference and compares all outputs."""

    def __init__(self) -> None:
        self.random, self.body, self.count = random.Random(1), list[str](), 0

    def source(self) -> str:
        body = "\n".join(self.body)
        return (
            f"module bench (input clk, output logic [{self.count - 1}:0] errors = '0);\n{body}\nendmodule\n"
        )

    def stimulus(self, width: int) -> str:
        """A register that is random in every cycle."""
        name = f"r{len(self.body)}"
        parts = ", ".join(["$urandom"] * (width // 32 + 1))
        self.body.append(
            f"logic [{width - 1}:0] {name} = '0; always @(posedge clk) {name} <= {width}'({{{parts}}});"
        )
        return name

    def chance(self, percent: int) -> str:
        """A register that is 1 with this chance."""
        name = f"r{len(self.body)}"
        self.body.append(f"logic {name} = 0; always @(posedge clk) {name} <= $urandom % 100 < {percent};")
        return name

    def compare(self, width: int) -> tuple[str, str]:
        """Two vectors that must be equal at every clock, after one to start."""
        n, a, b = self.count, f"a{self.count}", f"b{self.count}"
        self.body.append(
            f"wire [{width - 1}:0] {a}, {b}; always @(posedge clk) if ({a} != {b}) errors[{n}] <= 1'b1;"
        )
        self.count += 1
        return a, b


def check(bench: Bench, sources: list[Path], folder: Path, cycles: int = 3000) -> None:
    wrapper = folder / "bench.sv"
    wrapper.write_text(bench.source())
    run_cocotb(
        "bench", [*sources, wrapper], "fpgan.sim.benches.tb_selfcheck", folder / "build",
        plusargs=[f"+cycles={cycles}"], warnings=False,
    )  # fmt: skip
