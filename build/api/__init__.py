# SPDX-License-Identifier: Apache-2.0
"""What `from fpgan import ...` gives: the commands as calls, their results as objects."""
