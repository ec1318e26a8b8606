# SPDX-License-Identifier: Apache-2.0
"""A build's power, estimated from its simulation's toggles: `from fpgan.build.power import power`."""

from fpgan.build.power.run import power as power

__all__ = ["power"]
