# SPDX-License-Identifier: Apache-2.0
"""Numbers as pages and pictures show them."""

from __future__ import annotations

import math
import re

_NONE = "–"


def count(value: float | None) -> str:
    """A whole number with separators."""
    return _NONE if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A fraction in percent, a tenth of one where it is small."""
    if value is None:
        return _NONE
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"


def figure(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return _NONE
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rounded(value: float | None, spread: float | None = None) -> str:
    """A figure to the second digit of its spread, which says no more of it; without one, to its fourth."""
    if value is None or not math.isfinite(value):
        return _NONE
    known = spread is not None and math.isfinite(spread) and spread > 0
    last = spread / 10 if known else abs(value) / 1000  # type: ignore[operator]
    decimals = -math.floor(math.log10(last)) if last else 0
    if not known:
        decimals = max(decimals, 0)
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def grouped(text: str) -> str:
    """A text whose whole numbers are written as `count` writes them."""
    return re.sub(r"(?<![\w.])\d{4,}(?!\w|\.\d)", lambda found: count(int(found[0])), text)
