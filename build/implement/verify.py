# SPDX-License-Identifier: Apache-2.0
"""`verify`: a bitstream, taken apart to its last bit and simulated, against PyTorch's images."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.implement.verify_file import WAYS, Verify
from fpgan.build.implement.xc7.bit_file import read_bit
from fpgan.build.implement.xc7.database import Database, find_database
from fpgan.build.implement.xc7.decode import Decoded, decode
from fpgan.build.implement.xc7.netlist import Rebuilt, nets_of, rebuild
from fpgan.hw.design import WEIGHTS
from fpgan.hw.driver import Accelerator, IntArray
from fpgan.hw.host.emit import Host
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_text
from fpgan.hw.system.reading import DamagedError, check_plain, read_arrays, read_json
from fpgan.hw.system.shapes import Whole, check_shape
from fpgan.sim.benches.zynq7_bench import netlist_host
from fpgan.sim.compiled.board import SimulatedBoard
from fpgan.sim.differences import differences

Progress = Callable[[str], None]
_THEN = "give the bitstream in the folder that fpgan bitstream wrote"
_LARGEST = 1 << 26  # bytes of a bitstream
_SHOWN = 10  # unknown bits and differences in a result


def verify(
    bit: str | Path,
    images: int = 4,
    stall: float = 0.0,
    database: str | Path | None = None,
    netlist: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Prove a bitstream of a Zynq-7000 in DEPLOY: read it back to a netlist, run that, compare every pixel.

        from fpgan.build.implement.verify import verify
        assert verify("deploy/fpgan.bit")["mismatches"] == 0

    bit: file beside facts.json, golden.npz and project/host, as `fpgan bitstream` writes them by any tool.
    images: golden ones to make. stall: probability that the bus pauses in a cycle. database: of Project
    X-Ray; $PRJXRAY_DB_DIR. netlist: Verilog file to write. progress: called with the name of each step.

    Checked are header, CRC, ECC of every frame, that every bit has a meaning, every routed node one driver;
    then the netlist of all that reaches the processor system is simulated with hw/cells behind the driver.
    Returns what was found, `mismatches` and `unknown_bits` among it.

    Raises ValueError in one line for bad arguments, a file that is damaged or for another part, routing that
    is not a netlist's, and what is not modelled; ToolError where the database is missing or a simulation
    ends.
    """
    say, bit = progress or (lambda _: None), Path(bit)
    if images < 1:
        raise ValueError(f"images={images}: must be 1 or more")
    if not 0 <= stall < 1:
        raise ValueError(f"stall={stall} must be in [0, 1)")
    part, address = _facts(bit.parent)
    host = Host.load(bit.parent / "project" / "host")
    latents, expected = _golden(bit.parent / "golden.npz", images)
    known = find_database(part, Path(database) if database else None)
    say("decoding")
    decoded = _decoded(bit, known)
    say("rebuilding the netlist")
    try:
        rebuilt = rebuild(decoded, known, nets_of(decoded, known))
    except ValueError as error:
        raise ValueError(f"{bit}: {error}") from None
    if netlist is not None:
        write_text(Path(netlist), rebuilt.verilog)
    say("simulating")
    with tempfile.TemporaryDirectory(prefix="fpgan-") as folder:
        weights = bit.parent / WEIGHTS
        made = images_of(rebuilt.verilog, host, address, latents, stall, Path(folder), weights)
    found = _result(bit, part, decoded, rebuilt, expected, made) | {"stall": stall}
    return as_written(Verify, found)


def _facts(folder: Path) -> tuple[str, int]:
    """The part, and where its registers are."""
    path = folder / "facts.json"
    facts = read_json(path, _THEN)
    check_shape(facts, {"part": str, "address": Whole(0, 2**32 - 1)}, path, _THEN)
    return facts["part"], facts["address"]


def _golden(path: Path, count: int) -> tuple[IntArray, IntArray]:
    """The first latents (N,Z) and images (N,H,W,C)."""
    arrays = read_arrays(path, _THEN)
    if not {"latent", "image"} <= set(arrays) or len(arrays["latent"]) != len(arrays["image"]):
        raise DamagedError(path, "is damaged: no latents and images", _THEN)
    there = len(arrays["latent"])
    if count > there:
        raise ValueError(f"images={count}: {path} has {there}")
    return arrays["latent"][:count].astype(np.int64), arrays["image"][:count].astype(np.int64)


def _decoded(bit: Path, database: Database) -> Decoded:
    check_plain(bit, _LARGEST, _THEN)
    try:
        found = read_bit(bit.read_bytes(), database.part)
    except OSError as error:
        raise DamagedError(bit, f"cannot be read ({error.strerror})", _THEN) from None
    except ValueError as error:
        raise ValueError(f"{bit}: {error}") from None
    return decode(found.frames, database)


def images_of(
    verilog: str,
    host: Host,
    address: int,
    latents: IntArray,
    stall: float,
    folder: Path,
    weights: Path | None = None,
) -> dict[str, IntArray]:
    """What a netlist of zynq7_top makes of latents behind the driver, compiled in `folder`.

    Through the registers at GP0, and through memory where the design has a memory master. weights: file that
    is loaded first where the design takes one.
    """
    source = folder / "netlist.v"
    source.write_text(verilog, encoding="utf-8")
    with SimulatedBoard(netlist_host(source, host, folder / "board", address)) as board:
        board.stall(stall)
        accelerator = Accelerator(board, design=host.identity)
        if accelerator.weights_bytes and weights is not None:
            accelerator.load_weights(weights)
        ways = WAYS if accelerator.memory_bytes else WAYS[:1]
        return {way: accelerator.generate(latents, memory=way == "memory") for way in ways}


def _result(
    bit: Path,
    part: str,
    decoded: Decoded,
    rebuilt: Rebuilt,
    expected: IntArray,
    made: dict[str, IntArray],
) -> dict[str, Any]:
    wrong = {way: differences(expected, got, _SHOWN) for way, got in made.items()}
    unknown = [f"frame 0x{frame:08X}, word {word}, bit {i}" for frame, word, i in decoded.unknown[:_SHOWN]]
    return {
        "bitstream": str(bit),
        "part": part,
        "bits": decoded.bits,
        "unknown_bits": len(decoded.unknown),
        "unknown": unknown,
        "pips": rebuilt.nets.pips,
        "nodes": rebuilt.nets.nodes,
        "cells": rebuilt.cells,
        "images": len(expected),
        "through": list(made),
        "pixels": int(expected.size) * len(made),
        "mismatches": sum(int((expected != got).sum()) for got in made.values()),
        "differences": next((found for found in wrong.values() if found), []),
    }
