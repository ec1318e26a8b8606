# SPDX-License-Identifier: Apache-2.0
"""Place and route of a Zynq-7000 with nextpnr-xilinx, and the netlist that it takes."""
