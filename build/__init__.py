# SPDX-License-Identifier: Apache-2.0
"""Builds: `from fpgan.build import build`. Loaded on first use, since FINN takes seconds to import."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpgan.build.steps import build as build

__all__ = ["build"]


def __getattr__(name: str) -> Any:
    if name == "build":
        from fpgan.build.steps import build

        return build
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
