# SPDX-License-Identifier: Apache-2.0
"""What a RUN folder is, for those who need no torch to know."""

from __future__ import annotations

from pathlib import Path

from fpgan.model.config import TrainConfig

CHECKPOINT, CONFIG, METRICS, SAMPLES = "checkpoint.safetensors", "config.yaml", "metrics.json", "samples.png"
STATE = "training.safetensors"


def run_settings(path: Path | str) -> TrainConfig:
    """Settings of a RUN folder. ValueError, one line, where there is none."""
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"{path}: no RUN folder (fpgan train writes one)")
    return TrainConfig.from_yaml(path / CONFIG)
