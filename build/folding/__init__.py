# SPDX-License-Identifier: Apache-2.0
"""Which lanes, cores, memories and FIFO depths a dataflow graph gets."""
