# SPDX-License-Identifier: Apache-2.0
"""FINN is set up without its own command line, and without a home."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpgan.build.dataflow.ops import _find_settings, register


@pytest.mark.parametrize("home", ["file", "absent/home"])
def test_finn_needs_no_home(tmp_path, monkeypatch, home):
    """Looking for its settings, FINN makes ~/.finn; `build` ended where it cannot."""
    register()
    from finn.util import settings

    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / home))
    monkeypatch.setenv("FINN_SETTINGS", "")  # so that it is taken back
    monkeypatch.delenv("FINN_SETTINGS")
    monkeypatch.setattr(settings, "_SETTINGS", None)
    with pytest.raises(OSError):
        settings.get_settings()
    _find_settings()
    assert Path(settings.get_settings().finn_rtllib).is_dir()


def test_no_op_hides_what_simulates_it():
    """A method of the same name, for something else, would be called with the op's stream."""
    register()
    from fpgan.build.dataflow.ops.base import StreamOp

    ops = [op for kind in StreamOp.__subclasses__() for op in (kind, *kind.__subclasses__())]
    assert len(ops) > 7
    for op in ops:
        for name in ("_rtlsim", "_words", "_values"):
            assert getattr(op, name) is getattr(StreamOp, name), op
