# SPDX-License-Identifier: Apache-2.0
"""What a build is asked for, checked before anything is imported that takes seconds."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Literal, cast, get_args

from fpgan.build.dataflow.styles import STORAGES, STYLES, Storage
from fpgan.build.folding.limits import CORES, MOST, Budget
from fpgan.hw.boards import Board, get_board
from fpgan.hw.design import MARKER, WRITTEN
from fpgan.hw.system.files import resolved
from fpgan.hw.system.folders import check_replaceable
from fpgan.hw.system.text import brief

Backend = Literal["rtl", "hls"]
BACKENDS: tuple[str, ...] = get_args(Backend)
KINDS = ("LUT", "DSP", "BRAM18", "URAM", "BANDWIDTH")
BATCH = (1, 64)  # images, least and most
CLOCK_MHZ, TARGET_FPS, UTILIZATION = (1, 1000), (1e-3, 1e9), (0.01, 1)  # least and most
_WHOLE = 1000  # images/s from which on no fractions are said


@dataclass(frozen=True)
class Arguments:
    """The arguments of `build` that folding needs, with what the board says where they say nothing."""

    board: Board
    clock_mhz: float
    target_fps: float | None
    share: float
    limits: Budget
    storage: Storage = "rom"
    batch: int = 1

    @property
    def target_cycles(self) -> int | None:
        """Cycles per image at which the target is just met."""
        return None if self.target_fps is None else int(self.clock_mhz * 1e6 / self.target_fps)

    def out_of_reach(self, best: int, within: str, why: str) -> str:
        """A line in images/s for a target that is missed; best: cycles per image of the fastest design."""
        rate = self.clock_mhz * 1e6 / best  # rounded down: what is said can be asked for
        said = f"{math.floor(rate):,}" if rate >= _WHOLE else f"{math.floor(rate * 1000) / 1000:g}"
        cycles = f"{self.target_cycles or 'less than 1'} cycles per image at {self.clock_mhz:g} MHz"
        return (
            f"target of {self.target_fps:,.10g} images/s ({cycles}): "
            f"the best {within} is {said} images/s ({best} cycles); {why}"
        )


def checked(
    model: str | Path,
    out: str | Path,
    board: str,
    clock_mhz: float | None,
    target_fps: float | None,
    max_utilization: float,
    budget: Mapping[str, int] | None,
    cores: Collection[str],
    deconv: str,
    like: str | Path | None,
    backend: str,
    weight_storage: str = "rom",
    any_weights: bool = False,
    batch: int | None = None,
    exact: bool = False,
) -> Arguments:
    """The arguments of `build`. ValueError, one line, for the first that cannot be."""
    target = get_board(board)
    check_model(Path(model))
    check_replaceable(Path(out), MARKER, WRITTEN)
    _check_apart(Path(model), Path(out))
    if deconv not in STYLES:
        raise ValueError(
            f"deconv={deconv}; known are {' and '.join(STYLES)}; FINN's own lowering is for FINN's builder: "
            "fpgan bench --lowerings, or build_steps(deconv='finn') of fpgan.finn"
        )
    _check_cores(cores, backend)
    _check_storage(weight_storage, cores, backend, budget or {})
    _check_streaming(weight_storage, deconv, batch)
    if any_weights and weight_storage in ("rom", "streamed"):
        raise ValueError("any_weights: of weights that are loaded; ask for weight_storage=loaded or auto too")
    if exact and (like is not None or backend != "rtl"):
        raise ValueError("exact: folds RTL again where it is too large; leave out like and backend=hls")
    if like is not None and weight_storage != "rom":
        raise ValueError(f"weight_storage={weight_storage}: like={like} takes it over; leave one of them out")
    if like is not None and not (Path(like) / "report.json").is_file():
        raise ValueError(
            f"{like}: no build here (report.json is missing); name a folder that fpgan build made"
        )
    clock = target.default_clock_mhz if clock_mhz is None else _number("clock_mhz", clock_mhz, CLOCK_MHZ)
    share = _number("max_utilization", max_utilization, UTILIZATION)
    return Arguments(
        board=target,
        clock_mhz=clock,
        target_fps=None if target_fps is None else _number("target_fps", target_fps, TARGET_FPS),
        share=share,
        limits=_limits(target, share, budget or {}, weight_storage),
        storage=cast(Storage, weight_storage),
        batch=1 if batch is None else int(_number("batch", batch, BATCH)),
    )


def check_model(path: Path) -> None:
    """ValueError unless a file is there."""
    if not path.is_file():
        raise ValueError(f"{path}: {'is no file' if path.exists() else 'no such file'}")


def _check_apart(model: Path, out: Path) -> None:
    """ValueError for a model in the folder that is replaced, though its name be one that a BUILD holds.

    Also for names that are no text, which ONNX's writer does not take.
    """
    for path in (model, out):
        if any("\ud800" <= letter <= "\udfff" for letter in str(path)):  # what is not UTF-8 in it
            raise ValueError(f"{brief(path)}: has a name that is no UTF-8; rename it")
    if resolved(out) in resolved(model).parents:
        raise ValueError(f"{model}: is in {out}, which a build replaces; move it, or choose another folder")


def _check_cores(cores: Collection[str], backend: str) -> None:
    if backend not in BACKENDS:
        raise ValueError(f"backend={backend}; choose {' or '.join(BACKENDS)}")
    if not cores or set(cores) - set(CORES):
        raise ValueError(f"cores={','.join(cores)}: choose from {','.join(CORES)}")
    if backend == "hls" and "dsp2x" in cores:
        raise ValueError("cores: dsp2x needs a second clock, which HLS has not; choose from lut,dsp")
    if backend == "hls" and "cascade" in cores:
        raise ValueError("cores: cascade places DSP slices by itself, HLS cannot; choose from lut,dsp")


def _check_storage(storage: str, cores: Collection[str], backend: str, budget: Mapping[str, int]) -> None:
    if storage not in STORAGES:
        raise ValueError(f"weight_storage={storage}; choose {', '.join(STORAGES)}")
    if storage in ("rom", "streamed") and "URAM" in budget:
        raise ValueError(
            f"budget URAM={budget['URAM']}: it holds no constants; ask for weight_storage=loaded or auto too"
        )
    if storage != "rom" and backend == "hls":
        raise ValueError(f"weight_storage={storage}: HLS kernels have their weights in constants; take rom")


def _check_streaming(storage: str, deconv: str, batch: int | None) -> None:
    if storage == "streamed" and deconv != "subpixel":
        raise ValueError(
            f"weight_storage=streamed: is for deconv=subpixel, not {deconv}; leave one of them out"
        )
    if batch is not None and storage not in ("streamed", "auto"):
        raise ValueError(
            f"batch={batch}: of weights that are streamed; ask for weight_storage=streamed or auto too"
        )


def _number(name: str, value: Any, limits: tuple[float, float]) -> float:
    low, high = limits
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not low <= number <= high:
        raise ValueError(f"{name}={value!r} must be between {low:,.10g} and {high:,.10g}")
    return number


def _limits(board: Board, share: float, budget: Mapping[str, int], storage: str) -> Budget:
    amounts = {kind: int(board.budget[kind] * share) for kind in KINDS if kind in board.budget}
    amounts["BANDWIDTH"] = board.memory.bandwidth if board.memory else 0
    for kind, amount in budget.items():
        if kind not in KINDS:
            raise ValueError(f"budget {kind}={amount}: {kind} is not one of {', '.join(KINDS)}")
        amounts[kind] = int(_number(f"budget {kind}", amount, (0, MOST)))
    if storage == "streamed" and not amounts["BANDWIDTH"]:
        raise ValueError(
            f"weight_storage=streamed: how fast {board.name} reads its memory is not known here; say it in "
            "MB/s: budget BANDWIDTH=1500"
        )
    urams = 0 if storage in ("rom", "streamed") else amounts["URAM"]  # which hold no constants
    bandwidth = amounts["BANDWIDTH"] if storage in ("streamed", "auto") else 0
    return Budget(amounts["LUT"], amounts["DSP"], amounts["BRAM18"], urams, bandwidth)
