# SPDX-License-Identifier: Apache-2.0
"""A module's schedule beside its RTL: cycle by cycle the same valid and ready, whatever the streams do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from unittest import mock

from numpy.typing import NDArray

from fpgan.build.folding.schedule import machine_code
from fpgan.build.folding.schedule.stage import Stage


def uncompiled(name: str) -> ModuleType:
    """fpgan.build.folding.schedule.NAME as Python, which takes no time to compile."""
    path = Path(machine_code.__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"uncompiled_{name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    with mock.patch.object(machine_code, "compiled", lambda function: function):
        spec.loader.exec_module(module)
    return module


def follow(module: ModuleType, stage: Stage, source: NDArray, sink: NDArray) -> list[int]:
    """Fewest values that each register of a stage with one input and one output had.

    source, sink: (cycles,2), valid and ready of both streams from a reset on, as tb_stream writes them.
    AssertionError in the first cycle in which the RTL takes or offers a word and the stage does not, or the
    other way round.
    """
    p, s = stage.constants.tolist(), stage.registers.tolist()
    fewest = list(s)
    for cycle, ((offered, taken), (given, wanted)) in enumerate(zip(source, sink, strict=True)):
        expected = bool(module.ready(p, 0, s, 0)), bool(module.valid(s, 0))
        assert (bool(taken), bool(given)) == expected, f"cycle {cycle}: tready, tvalid are not {expected}"
        module.tick(p, 0, s, 0, int(offered and taken), int(given and wanted))
        fewest = list(map(min, fewest, s))
    return fewest
