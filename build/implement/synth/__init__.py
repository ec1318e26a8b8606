# SPDX-License-Identifier: Apache-2.0
"""Resources, timing and netlists of a build: `from fpgan.build.implement.synth import synth, netlists`."""

from fpgan.build.implement.synth.yosys import netlists as netlists
from fpgan.build.implement.synth.yosys import synth as synth

__all__ = ["netlists", "synth"]
