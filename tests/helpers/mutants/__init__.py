# SPDX-License-Identifier: Apache-2.0
"""Small faults, put into the product one at a time: what no proof and no test sees is a hole in these."""
