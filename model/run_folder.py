# SPDX-License-Identifier: Apache-2.0
"""What a RUN folder is, for those who need no torch to know."""

from __future__ import annotations

from pathlib import Path

from fpgan.model.checkpoints import run_folder
from fpgan.model.config import TrainConfig

CHECKPOINT, CONFIG, METRICS, SAMPLES = "checkpoint.safetensors", "config.yaml", "metrics.json", "samples.png"
STATE = "training.safetensors"


def run_settings(path: Path | str) -> TrainConfig:
    """Settings of a RUN folder, or of a shipped checkpoint by its name. ValueError where there is none."""
    return TrainConfig.from_yaml(run_folder(path) / CONFIG)
