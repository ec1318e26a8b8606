# SPDX-License-Identifier: Apache-2.0
"""A network of integer layers to FINN's graph of hardware ops, and what each op costs."""
