# SPDX-License-Identifier: Apache-2.0
"""The rooms of the package: an import that goes up, or round in a circle, is named ([tool.importlinter])."""

from __future__ import annotations

from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_arrows_go_down_only(capsys):
    status = lint_imports(config_filename=str(PYPROJECT), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
