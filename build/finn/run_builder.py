# SPDX-License-Identifier: Apache-2.0
"""FINN's builder for a command of ours: what it says goes to its log, and each step is told as it begins."""

from __future__ import annotations

import functools
import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fpgan.build.finn.vendor import prepare_builder
from fpgan.hw.system.tools import ToolError

prepare_builder()

from finn.builder.build_dataflow import (  # noqa: E402  importable now
    PrintLogger,
    build_dataflow_cfg,
    get_logfile_path,
    resolve_build_steps,
)
from finn.builder.build_dataflow_config import DataflowBuildConfig  # noqa: E402

Progress = Callable[[str], None]
_ERROR = " ERROR: "  # of FINN's user, or of FINN


def run_builder(file: Path, progress: Progress, **settings: Any) -> Path:
    """Build a QONNX file with what a YAML of FINN's would say; returns its output_dir.

    progress: called with the name of each step. Raises ToolError, with FINN's last error and its log.
    """
    cfg = DataflowBuildConfig.from_dict(settings)
    cfg.steps = [_told(step, progress) for step in resolve_build_steps(cfg)]
    with _quiet():
        failed = build_dataflow_cfg(file, cfg)
    if failed:
        log = Path(get_logfile_path(cfg))
        raise ToolError(f"FINN's build failed: {_last_error(log)}", log=log)
    return Path(cfg.output_dir)


def _told(step: Callable[..., Any], progress: Progress) -> Callable[..., Any]:
    @functools.wraps(step)
    def told(*arguments: Any) -> Any:
        progress(step.__name__.removeprefix("step_"))
        return step(*arguments)

    return told


class _Errors(PrintLogger):
    """In the place of stderr, which a spinner of ours still finds behind it (rich's name for that)."""

    rich_proxied_file: Any


@contextmanager
def _quiet() -> Iterator[None]:
    """FINN leaves its own streams and log in the place of ours; here they go when it ends."""
    log, before = logging.getLogger("build_dataflow"), (sys.stdout, sys.stderr)
    errors = _Errors(log, logging.ERROR, io.StringIO())
    errors.rich_proxied_file = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
    sys.stdout, sys.stderr = PrintLogger(log, logging.INFO, io.StringIO()), errors
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        logging.captureWarnings(False)
        logging.basicConfig(force=True, handlers=[])


def _last_error(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.partition(_ERROR)[2] for line in lines if _ERROR in line]
    return said[-1] if said else "it was interrupted"
