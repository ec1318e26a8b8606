# SPDX-License-Identifier: Apache-2.0
"""Lines near thresholds that float32 rounded, and what stream_requantize.sv makes of sums around each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fpgan.build.dataflow.lines import Line, find_lines
from fpgan.build.dataflow.ops.hex_words import hex_pairs, hex_words
from fpgan.sim.benches.stream_bench import StreamCase
from fpgan.sim.golden import IntArray, threshold
from fpgan.sim.packing import pack

# channels, elements per word, bits of a sum, output bits, lowest output, bits of marks
CASES = [
    (6, 2, 12, 8, -128, 0), (4, 4, 14, 8, 0, 1), (5, 1, 19, 8, -128, 1), (6, 3, 23, 8, -100, 2),
    (3, 1, 10, 5, -3, 3), (1, 1, 16, 6, 0, 1),
]  # fmt: skip


def rounded(channels, acc_bits, out_bits, low) -> tuple[IntArray, IntArray, IntArray]:
    """Thresholds (C,T) of lines as float32 rounds them, and the ends of the sums (C)."""
    rng, reach = np.random.default_rng(channels), 1 << (acc_bits - 1)
    first, last = -rng.integers(reach // 2, reach, channels), rng.integers(reach // 2, reach, channels)
    levels = (1 << out_bits) - 1
    steps = rng.uniform(1.2, 2.2, (channels, 1)) * reach / levels
    at = (np.arange(1, levels + 1) - levels / 2) * steps + rng.uniform(-reach, reach, (channels, 1)) / 9
    jitter = rng.integers(0, 2, at.shape) if acc_bits > 13 else 0
    return np.clip(np.ceil(at).astype(np.int64) + jitter, first[:, None], last[:, None] + 1), first, last


def line_of(channels, acc_bits, out_bits, low, mark_bits) -> tuple[Line, IntArray, IntArray]:
    """And sums (N,C) around every threshold and at the ends, with what thresholds say of them."""
    steps, first, last = rounded(channels, acc_bits, out_bits, low)
    line = next(line for line in find_lines(steps, first, last, low) if line.mark_bits == mark_bits)
    near = np.concatenate([(steps[:, :, None] + np.arange(-3, 3)).reshape(channels, -1), first[:, None]], 1)
    acc = np.clip(near, first[:, None], last[:, None]).T
    return line, acc, threshold(acc, steps, low)


def requantize_case(case, core, folder: Path, dsp_version=2, signed=True) -> StreamCase:
    """One of CASES; its memories' files go to `folder`. signed: else the least sum counts as 0."""
    channels, pe, acc_bits, out_bits, low, mark_bits = case
    line, acc, expected = line_of(channels, acc_bits, out_bits, low, mark_bits)
    least = 0 if signed else -(1 << (acc_bits - 1))
    offsets = line.offset + line.multiplier * least
    mult, offset = int(line.multiplier.max()).bit_length(), int(np.abs(offsets).max()).bit_length() + 1
    name = f"{core}_" + "_".join(map(str, case)) + "_unsigned" * (not signed)
    words = hex_pairs(line.multiplier.reshape(-1, pe), offsets.reshape(-1, pe), (mult, offset))
    (folder / f"{name}_line.dat").write_text(words)
    padded = np.pad(line.marks, ((0, 0), (0, (1 << line.levels.bit_length()) - line.levels - 1)))
    for element in range(pe):
        rows = padded[element::pe].reshape(-1, 1)
        (folder / f"{name}_marks_{element}.dat").write_text(hex_words(rows, max(1, mark_bits)))
    parameters = {
        "CHANNELS": channels, "PE": pe, "ACC_BITS": acc_bits, "OUT_BITS": out_bits, "MULT_BITS": mult,
        "OFFSET_BITS": offset, "T_BITS": max(mult + acc_bits, offset) + 1, "SHIFT": line.shift,
        "SIGNED_ACC": int(signed),
        "LEVELS": line.levels, "LOW": line.low, "MARK_BITS": mark_bits,
        "DSP_CORE": int(core == "dsp"), "DSP_VERSION": dsp_version,
        "FILE": str(folder / name), "STYLE": "block" if pe == 1 else "distributed",
        "MARK_STYLE": "block" if pe == 2 else "distributed",
    }  # fmt: skip
    given, taken = (
        pack(x[None, None], pe, bits) for x, bits in ((acc - least, acc_bits), (expected, out_bits))
    )
    return StreamCase(parameters, given, taken, cycles=len(given), module="stream_requantize")
