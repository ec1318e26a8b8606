# SPDX-License-Identifier: Apache-2.0
"""Test benches of single modules and of the host interface, and the bus models that they drive."""
