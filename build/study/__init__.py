# SPDX-License-Identifier: Apache-2.0
"""Studies of quality against resources: `from fpgan.build.study import study`."""

from fpgan.build.study.run import study as study

__all__ = ["study"]
