# SPDX-License-Identifier: Apache-2.0
"""Builds: `from fpgan.build import build, inspect`. Loaded on first use: FINN takes seconds to import."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpgan.build.dataflow.inspect import inspect as inspect
    from fpgan.build.flow import build as build

__all__ = ["build", "inspect"]


def __getattr__(name: str) -> Any:
    if name == "build":
        from fpgan.build.flow import build

        return build
    if name == "inspect":
        from fpgan.build.dataflow.inspect import inspect

        return inspect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
