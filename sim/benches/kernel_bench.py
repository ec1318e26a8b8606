# SPDX-License-Identifier: Apache-2.0
"""Test bench for HLS kernels alone: numpy words in, numpy words expected, many layers in one compilation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.sources import hls_dir
from fpgan.hw.system.children import run
from fpgan.sim.compiled.csim import compile_cpp

Words = NDArray[np.uint8]


@dataclass(frozen=True)
class KernelCase:
    """One layer with its stimulus and truth.

    header: the layer's header, which defines the function `name` from streams of `in_bits` to `out_bits`.
    inputs, outputs: (beats, bytes per beat), `images` images back to back.
    """

    name: str
    header: str
    in_bits: int
    out_bits: int
    images: int
    inputs: Words
    outputs: Words


def check_kernels(cases: Sequence[KernelCase], folder: Path) -> dict[str, int]:
    """Run every case, all its input waiting from the start; returns the iterations of each one's last image.

    A first run lets words come late at random, where the headers are our stand-ins. Raises AssertionError
    that names the first case with a wrong word, ToolError where the bench fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        (folder / f"{case.name}.hpp").write_text(case.header, encoding="utf-8")
        (folder / f"{case.name}.in").write_bytes(case.inputs.tobytes())
    (folder / "bench.cpp").write_text(_bench(cases), encoding="utf-8")
    program = folder / "bench"
    compile_cpp([folder / "bench.cpp"], hls_dir(), program, hls_dir() / "csim", folder / "compile.log")
    for misses in ("40", "0"):
        text = run([str(program), misses], folder, folder / "run.log", "running the kernels")
        _compare(cases, folder)
    counted: dict[str, int] = json.loads(text.splitlines()[-1])
    return counted


def _compare(cases: Sequence[KernelCase], folder: Path) -> None:
    for case in cases:
        words = np.fromfile(folder / f"{case.name}.out", np.uint8)
        assert words.size == case.outputs.size, f"{case.name}: {words.size} bytes, not {case.outputs.size}"
        wrong = np.flatnonzero((words.reshape(case.outputs.shape) != case.outputs).any(axis=1))
        assert not wrong.size, (
            f"{case.name}: {wrong.size} of {len(case.outputs)} words differ, first {wrong[0]}"
        )


def _bench(cases: Sequence[KernelCase]) -> str:
    includes = "".join(f'#include "{case.name}.hpp"\n' for case in cases)
    calls = "".join(f"  {_call(case)}\n" for case in cases)
    return f"""#define AP_INT_MAX_W 4096
#include <cstdio>
#include "bench.hpp"
{includes}
template <int IN, int OUT>
void check(const char* name, void (*layer)(hls::stream<ap_uint<IN>>&, hls::stream<ap_uint<OUT>>&),
           int images) {{
  const fpgan::Bytes given = fpgan::read_file(std::string(name) + ".in");
  fpgan::Bytes taken;
  hls::stream<ap_uint<IN>> in("in");
  hls::stream<ap_uint<OUT>> out("out");
  fpgan::put_words<IN>(in, given.data(), given.size() / ((IN + 7) / 8));
  for (int i = 0; i < images; i++) layer(in, out);
  if (!in.empty()) throw std::runtime_error(std::string(name) + ": input is left over");
  fpgan::take_words<OUT>(out, taken);
  std::ofstream(std::string(name) + ".out", std::ios::binary).write((const char*)taken.data(), taken.size());
}}

int main(int, char** argv) {{
#ifdef FPGAN_CSIM_HLS_STREAM_H
  hls::csim_misses() = std::stoi(argv[1]);
#endif
{calls}  std::printf("%s\\n", fpgan::iterations_json().c_str());
}}
"""


def _call(case: KernelCase) -> str:
    return f'check<{case.in_bits}, {case.out_bits}>("{case.name}", {case.name}, {case.images});'
