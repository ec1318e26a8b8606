# SPDX-License-Identifier: Apache-2.0
"""Simulation: the numpy truth, vectors, and what runs a build against them."""
