# SPDX-License-Identifier: Apache-2.0
"""The folder that goes to a board: bitstream, driver, self-test, and the project that made the bitstream."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fpgan.hw
from fpgan.build.implement.bitstream.facts_file import BoardFacts
from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.hw.boards import Board
from fpgan.hw.design import WEIGHTS, Design
from fpgan.hw.host import registers
from fpgan.hw.host.emit import Host
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_json
from fpgan.sim.vectors import Vectors, golden_of

BIT = "fpgan.bit"
MARKER = "facts.json"
WRITTEN = (
    MARKER, "fpgan.*", "driver", "selftest.py", "golden.npz", WEIGHTS, "project", "README.txt", "__pycache__",
)  # fmt: skip
_LEFT_OUT = ("vivado", ".Xil")  # of a project: what the tool works with
_VECTORS = 64
_WEIGHTS_LINE = f"    {WEIGHTS}   accelerator.load_weights({WEIGHTS!r}) first; fpgan weights writes others\n"


def write_deploy(
    folder: Path, design: Design, host: Host, board: Board, tool: str, work: Path, made: Implemented
) -> dict[str, Any]:
    """Fill `folder`; returns what its facts.json says."""
    for path in (made.bit, made.hwh):
        if path is not None:
            shutil.copyfile(path, folder / f"fpgan{path.suffix}")
    shutil.copyfile(_hw_folder() / "selftest.py", folder / "selftest.py")
    shutil.copytree(_hw_folder() / "driver", folder / "driver", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(work / "project", folder / "project", ignore=shutil.ignore_patterns(*_LEFT_OUT))
    _write_vectors(golden_of(design), folder / "golden.npz")
    if design.weights:
        shutil.copyfile(design.root / WEIGHTS, folder / WEIGHTS)
    facts = _facts(design, host, board, tool, made)
    write_json(folder / MARKER, facts)
    (folder / "README.txt").write_text(_readme(facts), encoding="utf-8")
    return facts


def _hw_folder() -> Path:
    return Path(next(iter(fpgan.hw.__path__)))


def _facts(design: Design, host: Host, board: Board, tool: str, made: Implemented) -> dict[str, Any]:
    clock = made.clock_mhz or design.clock_mhz
    facts = {
        "name": design.name,
        "board": board.name,
        "part": board.part,
        "tool": tool,
        "bus": host.options.bus,
        "clock_mhz": clock,
        "asked_mhz": design.clock_mhz,
        "frames_per_second": round(clock * 1e6 / design.report["cycles_per_image"], 1),
        "ps_clock_mhz": board.ps_clock_mhz,
        "address": board.register_address,
        "id": registers.ID_WORD,
        "version": registers.VERSION_WORD,
        "design": host.identity,
        "bitstream": BIT,
        "missing": made.missing,
        "weights": WEIGHTS if design.weights else None,
        "timing": made.figures.get("timing"),
    }
    return as_written(BoardFacts, facts)


def _write_vectors(vectors: Vectors, path: Path) -> None:
    """latent (N,Z) and image (N,H,W,C), as the driver takes and gives them."""
    latent = vectors.latent[:_VECTORS].reshape(len(vectors.latent[:_VECTORS]), -1)
    image = vectors.image[:_VECTORS].transpose(0, 2, 3, 1)
    np.savez_compressed(path, latent=_small(latent), image=_small(image))


def _small(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same integers in the smallest type that holds them."""
    least, most = int(values.min()), int(values.max())
    return values.astype(np.promote_types(np.min_scalar_type(least), np.min_scalar_type(most)))


def _readme(facts: dict[str, Any]) -> str:
    weights = _WEIGHTS_LINE if facts["weights"] else ""
    first = f"First make {facts['bitstream']}: {facts['missing']}\n\n" if facts["missing"] else ""
    return f"""{facts["name"]} on {facts["board"]} ({facts["part"]}), {facts["clock_mhz"]:g} MHz

{first}Copy this folder to the board and test it there:

    scp -r . USER@BOARD:deploy
    ssh -t USER@BOARD 'cd deploy && sudo python3 selftest.py'

It loads the bitstream, makes the images of golden.npz in every way that the design has, compares every pixel
with PyTorch's, and measures the images per second. It exits with 0 where all is well, 1 where it is not and 2
where it cannot run, with one line that says why. It needs numpy, root, and for memory transfers pynq or the
kernel module u-dma-buf.

    driver/       from driver import Accelerator, open_board   __init__.py shows how images are made
    driver/c/     the same for C without an operating system: fpgan.h, fpgan.c, the registers in fpgan_regs.h
    facts.json    board, address of the registers, clock, and the word that names this design
    golden.npz    latent (N,Z) and image (N,H,W,C), integers
{weights}    project/      what the bitstream was made of, and the script that makes it again
"""
