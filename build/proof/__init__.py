# SPDX-License-Identifier: Apache-2.0
"""What a build is checked against: thresholds on every sum, golden vectors."""
