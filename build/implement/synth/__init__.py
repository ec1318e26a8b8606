# SPDX-License-Identifier: Apache-2.0
"""Netlists of layers: what is counted in them, and their timing before placement."""
