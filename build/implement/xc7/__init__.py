# SPDX-License-Identifier: Apache-2.0
"""7-series bitstreams by Project X-Ray's database: assembled of FASM, and taken apart to the netlist."""
