# SPDX-License-Identifier: Apache-2.0
"""From a build to a board: `from fpgan.build.bitstream import bitstream`."""

from fpgan.build.bitstream.run import bitstream as bitstream

__all__ = ["bitstream"]
