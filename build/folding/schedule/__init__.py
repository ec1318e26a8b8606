# SPDX-License-Identifier: Apache-2.0
"""The token model: when words move through a folded graph, to the cycle."""
