# SPDX-License-Identifier: Apache-2.0
"""What a build says of itself: report.json, the page, published work to compare with."""
