# SPDX-License-Identifier: Apache-2.0
"""Test bench for what loads weights: a loader, a gate, and a chain of memories, as a design has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpgan.hw.driver.weights import settling, weights_file
from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.runner import run_cocotb

IDENTITY = 0x1234ABCD
_SOURCES = ("load_words.sv", "weight_ram.sv", "load_gate.sv", "weight_loader.sv")


@dataclass(frozen=True)
class Memory:
    """Words, bits of each, and what they lie in."""

    words: int
    bits: int
    style: str

    @property
    def bytes(self) -> int:
        """Of a word in the file."""
        return -(-self.bits // 8)


def check_loading(memories: Sequence[Memory], beats: int, mutations: int, build_dir: Path) -> None:
    """Load files into memories: right ones are in them to the bit, in the cycles that are predicted.

    beats: of an image that enters. mutations: files with a byte changed, cut or too long, memories that have
    changed places, of other designs: each is refused, no image enters, and a right one loads behind it.
    Images and loads never meet. AssertionError, ToolError: see run_cocotb.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    bench = build_dir / "bench.sv"
    bench.write_text(_bench(memories, beats), encoding="utf-8")
    rng = np.random.default_rng(0)
    files, wrong = [_random(memories, rng) for _ in range(4)], []
    for _ in range(mutations):
        wrong.append(_mutated(files[int(rng.integers(len(files)))], memories, rng))
    arrays = {f"file{i}": np.frombuffer(content, np.uint8) for i, content in enumerate(files)}
    arrays |= {f"wrong{i}": np.frombuffer(content, np.uint8) for i, content in enumerate(wrong)}
    shapes = np.array([(m.words, m.bytes, m.bits) for m in memories])
    np.savez(build_dir / "vectors.npz", memories=shapes, beats=np.array(beats), **arrays)  # type: ignore[arg-type]
    run_cocotb(
        "bench", [*(rtl_file(name) for name in _SOURCES), bench], "fpgan.sim.benches.tb_load", build_dir,
        plusargs=[f"+vectors={build_dir / 'vectors.npz'}"],
    )  # fmt: skip


def _random(memories: Sequence[Memory], rng: np.random.Generator) -> bytes:
    sections = [rng.integers(0, 256, m.words * m.bytes, np.uint8).tobytes() for m in memories]
    return weights_file(IDENTITY, sections)


def _mutated(content: bytes, memories: Sequence[Memory], rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content)))
    kind = rng.integers(10)
    if kind == 0:
        return content[: max(place, 1)]
    if kind == 1:
        return content + bytes(1 + place)
    if kind == 2:  # the first two memories, of the same size, with their CRCs
        size = memories[0].words * memories[0].bytes + 4
        return (
            content[:8] + content[8 + size : 8 + 2 * size] + content[8 : 8 + size] + content[8 + 2 * size :]
        )
    changed = content[place] ^ int(rng.integers(1, 256))
    return content[:place] + bytes([changed]) + content[place + 1 :]


def _bench(memories: Sequence[Memory], beats: int) -> str:
    sizes = ", ".join(f"32'd{m.words * m.bytes}" for m in reversed(memories))
    stages, ports = [], []
    for i, memory in enumerate(memories):
        bits = max(1, (memory.words - 1).bit_length())
        ports += [f"input logic [{bits - 1}:0] address_{i}", f"output logic [{memory.bits - 1}:0] data_{i}"]
        stages.append(f"""
  logic write_{i};
  logic [{bits - 1}:0] at_{i};
  logic [{memory.bits - 1}:0] word_{i};
  load_words #(.WIDTH({memory.bits}), .DEPTH({memory.words})) words_{i} (
      .clk(ap_clk), .load_in(load[{i}]), .load_out(load[{i + 1}]), .write(write_{i}), .address(at_{i}),
      .data(word_{i}));
  weight_ram #(.WIDTH({memory.bits}), .DEPTH({memory.words}), .STYLE("{memory.style}")) ram_{i} (
      .clk(ap_clk), .address(address_{i}), .data(data_{i}), .write(write_{i}), .write_address(at_{i}),
      .write_data(word_{i}));
""")
    count = len(memories)
    return f"""module bench (
    input logic ap_clk, input logic ap_rst_n,
    input logic [7:0] tdata, input logic tlast, input logic tvalid, output logic tready,
    output logic loaded, output logic [2:0] errors, output logic granted,
    input logic s_axis_tvalid, output logic s_axis_tready,
    output logic m_axis_tvalid, input logic m_axis_tready, input logic left,
    {", ".join(ports)}
);
  logic wanted;
  logic [{count}:0][9:0] load;
  weight_loader #(.IDENTITY(32'd{IDENTITY}), .SECTIONS({count}), .LENGTHS({{{sizes}}}),
                  .SETTLE({settling(count)})) loader (
      .s_axis_tdata(tdata), .s_axis_tlast(tlast), .s_axis_tvalid(tvalid), .s_axis_tready(tready),
      .load_out(load[0]), .*);
  load_gate #(.BEATS({beats})) gate (.*);
{"".join(stages)}
  logic unused;
  assign unused = &{{1'b0, load[{count}]}};
endmodule
"""
