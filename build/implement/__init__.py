# SPDX-License-Identifier: Apache-2.0
"""A BUILD on a chip: netlists and their timing, place and route, bitstreams, power."""
