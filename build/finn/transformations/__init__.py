# SPDX-License-Identifier: Apache-2.0
"""Transformations of FINN's graphs, one in a file."""
