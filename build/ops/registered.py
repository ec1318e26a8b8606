# SPDX-License-Identifier: Apache-2.0
"""Importing this registers our ops: for worker processes, which can be told modules to import and no more."""

from fpgan.build.ops import register

register()
