# SPDX-License-Identifier: Apache-2.0
"""A folded graph as files: RTL, HLS C++."""
