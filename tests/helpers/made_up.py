# SPDX-License-Identifier: Apache-2.0
"""Whole metrics.json of trainings that nobody made, for tests that need some but not these."""

from __future__ import annotations

from typing import Any


def score(**given: Any) -> dict[str, Any]:
    """In place of model/evaluate.py's, which takes seconds and has its own tests."""
    return {
        "name": "none", "value": 1.0, "spread": None, "real_vs_real": 0.5, "float_baseline": None,
        "samples": 16, "set": 16, "seed": 0, "kid": 0.0, "kid_real_vs_real": 0.0, "swd": 0.0,
        "swd_real_vs_real": 0.0, **given,
    }  # fmt: skip


def metrics(**given: Any) -> dict[str, Any]:
    return {
        "preset": None, "bits": {"latent": 8, "weights": [4], "activations": [4], "image": 8}, "steps": 0,
        "seconds": 0.0, "broken": [], "images": None, "score": None, **given,
    }  # fmt: skip
