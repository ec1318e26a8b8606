# SPDX-License-Identifier: Apache-2.0
"""A build's power, estimated from the toggles of its simulation."""

from fpgan.build.implement.power.run import power as power

__all__ = ["power"]
