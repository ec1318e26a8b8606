# SPDX-License-Identifier: Apache-2.0
"""What performance claims rest on, side by side in one run: `from fpgan.build.bench import bench`.

Loaded on first use: FINN takes seconds to import.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpgan.build.bench.run import bench as bench

__all__ = ["bench"]


def __getattr__(name: str) -> Any:
    if name == "bench":
        from fpgan.build.bench.run import bench

        return bench
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
