# SPDX-License-Identifier: Apache-2.0
"""From a build to a board: `from fpgan.build.implement.bitstream import bitstream`."""

from fpgan.build.implement.bitstream.run import bitstream as bitstream

__all__ = ["bitstream"]
