# SPDX-License-Identifier: Apache-2.0
"""What importing the models says."""

import logging

import torch
from torch.utils import cpp_extension

import fpgan.model  # noqa: F401


def test_a_machine_without_a_gpu_is_no_news(monkeypatch, caplog):
    """Brevitas imports what looks for CUDA; whatever else that logs is still said."""
    monkeypatch.setenv("CUDA_HOME", "/usr/local")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cpp_extension._find_cuda_home() == "/usr/local"
    logging.getLogger("torch.utils.cpp_extension").warning("something else")
    assert caplog.messages == ["something else"]
