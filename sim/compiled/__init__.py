# SPDX-License-Identifier: Apache-2.0
"""Designs compiled to programs: Verilated RTL, HLS C++, and the simulated board."""
