# SPDX-License-Identifier: Apache-2.0
"""Untrained generators, exported and built once per test run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

Export = Callable[..., Path]
Build = Callable[..., Path]

torch.set_num_threads(1)  # in every test: sums of other parts round otherwise, and tests run side by side


# Of designs in tests, above what boards start from: at the same rate they take more cycles and are smaller.
_CLOCK_MHZ = {"xcup": 300.0, "xc7": 125.0}


@pytest.fixture(autouse=True)
def _signals() -> None:
    """As a terminal leaves them: who runs the tests may ignore them; so does a command once interrupted."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def export_preset(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """export_preset(preset, vectors=8, **generator fields) -> QONNX file of an untrained generator."""
    from fpgan.model.config import PRESETS
    from fpgan.model.export import export
    from fpgan.model.train import train

    made: dict[tuple[object, ...], Path] = {}

    def make(preset: str, vectors: int = 8, **fields: object) -> Path:
        key = (preset, vectors, *sorted(fields.items()))
        if key not in made:
            folder = tmp_path_factory.mktemp(preset)
            config = PRESETS[preset]
            config = replace(config, generator=replace(config.generator, **fields))
            train(config, folder / "run", steps=0)
            made[key] = export(folder / "run", folder / f"{preset}.onnx", vectors=vectors)
        return made[key]

    return make


@pytest.fixture(scope="session")
def build_preset(export_preset: Export, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """build_preset(preset, generator fields={}, **arguments of build) -> BUILD folder; not to be altered.

    At the end each must still be one that a build may replace: a command that writes a name which
    hw/design.py does not list would make the next build refuse.
    """
    from own_files import check_own_build

    from fpgan.build.flow import build
    from fpgan.hw.boards import get_board

    made: dict[str, Path] = {}

    def make(
        preset: str, vectors: int = 8, generator: dict[str, object] | None = None, **arguments: object
    ) -> Path:
        key = repr((preset, vectors, generator, sorted(arguments.items())))
        if key not in made:
            out = tmp_path_factory.mktemp("builds") / preset
            family = get_board(str(arguments.get("board", "ultra96"))).family
            clock = {"clock_mhz": _CLOCK_MHZ[family]}
            build(export_preset(preset, vectors, **(generator or {})), out, **{**clock, **arguments})
            made[key] = out
        return made[key]

    yield make
    for out in made.values():
        check_own_build(out)
