# SPDX-License-Identifier: Apache-2.0
"""Commands of fpgan killed, interrupted, filled, damaged, run twice at once: what is left must be whole."""
