# SPDX-License-Identifier: Apache-2.0
"""Studies of quality against resources: `from fpgan.build.study import study`.

Loaded on first use: torch and Optuna take seconds to import.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpgan.build.study.run import study as study

__all__ = ["study"]


def __getattr__(name: str) -> Any:
    if name == "study":
        from fpgan.build.study.run import study

        return study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
