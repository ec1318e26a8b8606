# SPDX-License-Identifier: Apache-2.0
"""What a test would simulate, in its own process: python -m mutants.record TEST FOLDER [CASE ...]."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fpgan.sim.benches import mvu_bench, runner, stream_bench


class _Recorder:
    """Stands where a bench is compiled and run; the test ends there."""

    def __init__(self) -> None:
        self.bench: dict[str, Any] = {}

    def compile(
        self, top: str, sources: Sequence[Path], build_dir: Path,
        parameters: Mapping[str, int | str] | None = None, *_: object,
    ) -> None:  # fmt: skip
        self.bench = {
            "top": top,
            "sources": [str(path) for path in sources],
            "parameters": dict(parameters or {}),
        }

    def simulate(
        self, top: str, test_module: str, build_dir: Path, plusargs: Sequence[str] = (),
        run_dir: Path | None = None, *_: object,
    ) -> int:  # fmt: skip
        self.bench |= {
            "test_module": test_module, "plusargs": list(plusargs), "run_dir": str(run_dir or build_dir),
        }  # fmt: skip
        pytest.skip("recorded")


def _some(check: Callable[..., None], chosen: Sequence[int]) -> Callable[..., None]:
    """A check of many cases in one bench, of those alone that are chosen, by their place."""

    def some(module: str, sources: Sequence[Path], cases: Sequence[Any], *rest: Any, **named: Any) -> None:
        check(module, sources, [cases[index] for index in chosen], *rest, **named)

    return some


def record(test: str, folder: Path, chosen: Sequence[int]) -> int:
    """Write into `folder`'s bench.json what compile_cocotb and simulate_cocotb got; pytest's status."""
    recorder = _Recorder()
    if chosen:
        stream_bench.check_streams = _some(stream_bench.check_streams, chosen)
        mvu_bench.check_mvu = _some(mvu_bench.check_mvu, chosen)
    runner.compile_cocotb = recorder.compile  # type: ignore[assignment]
    runner.simulate_cocotb = recorder.simulate  # type: ignore[assignment]
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--basetemp", str(folder / "files"), test])
    if "run_dir" not in recorder.bench:
        return int(status) or 1
    (folder / "bench.json").write_text(json.dumps(recorder.bench, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(record(sys.argv[1], Path(sys.argv[2]), [int(word) for word in sys.argv[3:]]))
