# SPDX-License-Identifier: Apache-2.0
"""FINN's own builder: the configuration that it reads and the step of ours in it."""
