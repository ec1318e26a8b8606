# SPDX-License-Identifier: Apache-2.0
"""Resources and timing of a build: `from fpgan.build.synth import synth`."""

from fpgan.build.synth.yosys import synth as synth

__all__ = ["synth"]
