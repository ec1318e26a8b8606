# SPDX-License-Identifier: Apache-2.0
"""Trainings that several files of tests look at."""

import pytest
from tiny_training import TINY, mean_score

from fpgan.model import train as training
from fpgan.model.train import train


@pytest.fixture
def no_classifier(monkeypatch):
    """The score takes seconds and has its own tests."""
    monkeypatch.setattr(training, "score", mean_score)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train(TINY, folder, steps=0)
    return folder
