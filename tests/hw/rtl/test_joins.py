# SPDX-License-Identifier: Apache-2.0
"""stream_fork.sv, _add.sv, _concat.sv, _lookup.sv: numpy's, each stream stalling on its own."""

from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.datatype import DataType

from fpgan.build.dataflow.ops.add import flag_words
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams
from fpgan.sim.golden import concat, lookup, weighted_sum
from fpgan.sim.packing import pack

# elements per word, datatypes and factors of both inputs, channels whose sum is negated
SUMS = [
    (3, ("INT4", "UINT2"), (1, 2), ()), (2, ("INT7", "INT3"), (3, 1), (0, 3)),
    (4, ("UINT8", "INT8"), (1, 11), (1, 2, 7)), (2, ("INT8", "UINT8"), (2**24 - 1, 12345677), (2,)),
    (17, ("INT2", "INT2"), (1, 1), (16, 33)),
]  # fmt: skip
# elements per word, datatype and channels of each input
JOINS = [
    (1, [("INT3", 1), ("INT8", 2), ("UINT5", 3)]),
    (4, [("INT4", 4), ("UINT2", 4)]), (3, [("INT5", 9), ("INT5", 3), ("INT2", 3), ("UINT4", 6)]),
]  # fmt: skip
# elements per word, channels, rows of the table, datatypes that come and leave
TABLES = [
    (3, 6, 1, "INT4", "UINT8"),
    (2, 6, 6, "UINT5", "INT3"),
    (4, 4, 4, "INT3", "INT8"),
    (1, 40, 40, "INT6", "INT2"),
]
FORKS = [(11, 3), (40, 2)]  # bits per word, outputs


def image(rng, datatype, channels):
    kind = DataType[datatype]
    x = rng.integers(int(kind.min()), int(kind.max()) + 1, (3, 4, 3, channels))
    x.reshape(-1)[:2] = int(kind.min()), int(kind.max())
    return x


def sum_case(pe, types, factors, negated) -> StreamCase:
    rng, kinds = np.random.default_rng(pe), [DataType[name] for name in types]
    inputs = [image(rng, name, 2 * pe) for name in types]
    low, high = (sum(f * int(end) for f, end in zip(factors, ends, strict=True))
                 for ends in zip(*((kind.min(), kind.max()) for kind in kinds), strict=True))  # fmt: skip
    acc = smallest_type(min(low, -high), max(high, -low), signed=True).bitwidth()
    flags = [int(channel in negated) for channel in range(2 * pe)]
    parameters = {"PE": pe, "CHANNELS": 2 * pe, "NEGATED": flag_words(flags), "ACC_BITS": acc} | {
        f"{name}_{i}": value
        for i, kind in enumerate(kinds)
        for name, value in (
            ("BITS", kind.bitwidth()), ("SIGNED", int(kind.signed())), ("FACTOR", factors[i]),
        )
    }  # fmt: skip
    out = pack(weighted_sum(inputs, factors, flags), pe, acc)
    words = [pack(x, pe, kind.bitwidth()) for x, kind in zip(inputs, kinds, strict=True)]
    return StreamCase(parameters, words, out, len(out), "stream_add")


def concat_case(pe, inputs) -> StreamCase:
    rng, kinds = np.random.default_rng(pe), [DataType[name] for name, _ in inputs]
    images = [image(rng, *each) for each in inputs]
    kind = smallest_type(min(int(k.min()) for k in kinds), max(int(k.max()) for k in kinds))
    parameters = {
        "INPUTS": len(inputs), "PE": pe, "BITS": kind.bitwidth(),
        "IN_BITS": tuple(k.bitwidth() for k in kinds), "IN_SIGNED": tuple(int(k.signed()) for k in kinds),
        "WORDS": tuple(channels // pe for _, channels in inputs),
    }  # fmt: skip
    out = pack(concat(images), pe, kind.bitwidth())
    words = [pack(x, pe, k.bitwidth()) for x, k in zip(images, kinds, strict=True)]
    return StreamCase(parameters, words, out, len(out), "stream_concat")


def lookup_case(folder, pe, channels, rows, given, made) -> StreamCase:
    rng, taken, left = np.random.default_rng(pe), DataType[given], DataType[made]
    x = image(rng, given, channels)
    table = rng.integers(int(left.min()), int(left.max()) + 1, (rows, 1 << taken.bitwidth()))
    for e in range(pe if rows > 1 else 1):
        words = hex_words(table[e::pe].reshape(-1, 1), left.bitwidth())
        (folder / f"table_{pe}_{e}.dat").write_text(words)
    parameters = {
        "CHANNELS": channels, "PE": pe, "IN_BITS": taken.bitwidth(), "OUT_BITS": left.bitwidth(),
        "SHARED": int(rows == 1), "FILE": str(folder / f"table_{pe}"),
        "STYLE": "block" if channels > 10 else "distributed",
    }  # fmt: skip
    out = pack(lookup(x, table), pe, left.bitwidth())
    return StreamCase(parameters, pack(x, pe, taken.bitwidth()), out, len(out), "stream_lookup")


def fork_case(bits, outputs) -> StreamCase:
    words = pack(np.random.default_rng(bits).integers(0, 1 << min(bits, 60), 60), 1, bits)
    return StreamCase({"WIDTH": bits, "OUTPUTS": outputs}, words, [words] * outputs, 60, "stream_fork")


@pytest.mark.verilator
def test_joins(tmp_path):
    cases = [
        *(sum_case(*shape) for shape in SUMS), *(concat_case(*shape) for shape in JOINS),
        *(lookup_case(tmp_path, *shape) for shape in TABLES), *(fork_case(*shape) for shape in FORKS),
    ]  # fmt: skip
    sources = [rtl_file(f"stream_{name}.sv") for name in ("fork", "add", "concat", "lookup")]
    check_streams("stream_fork", sources, cases, tmp_path, seeds=SEEDS, reset=SHORTEST)
