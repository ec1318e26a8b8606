# SPDX-License-Identifier: Apache-2.0
"""What performance claims rest on, side by side in one run: `from fpgan.build.bench import bench`."""

from fpgan.build.bench.run import bench as bench

__all__ = ["bench"]
