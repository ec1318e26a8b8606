# SPDX-License-Identifier: Apache-2.0
"""Modules of a folder for a board, in the place of the installed ones."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest


def load(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module or package of that name in `folder`, whatever was loaded of another copy."""
    for known in [known for known in sys.modules if known.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.syspath_prepend(folder)
    return importlib.import_module(name)
