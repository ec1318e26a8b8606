# SPDX-License-Identifier: Apache-2.0
"""What the hardware is: modules, boards, host interface, driver. See hw/README.md."""
