# SPDX-License-Identifier: Apache-2.0
"""The host interface: its registers, its ports, and the module that holds it and an accelerator."""
