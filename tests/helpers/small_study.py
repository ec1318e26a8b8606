# SPDX-License-Identifier: Apache-2.0
"""A specification of a small study, and a score that takes no time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_up
import yaml

Json = dict[str, Any]
SPEC: Json = {
    "name": "small", "preset": "tiny", "steps": 2, "images": 0,
    "base": {"batch": 4, "features": 2, "generator": {"latent": 4, "channels": [4]}},
    "build": {"max_utilization": 0.03},
    "space": {"generator.weight_bits": [2, 4]},
}  # fmt: skip


def write(folder: Path, **keys: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(SPEC | keys, sort_keys=False))
    return path


def scored(generator: Any, images: Any) -> Json:
    """In place of a distance: the fewer bits, the worse."""
    bits = sum(generator.config.layer_weight_bits)
    return made_up.score(name="bits", value=10.0 / bits)
