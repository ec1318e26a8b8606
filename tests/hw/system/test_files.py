# SPDX-License-Identifier: Apache-2.0
"""A file is the old one or the new one, and what cannot be written is one line with its name."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from fpgan.hw.system import files
from fpgan.hw.system.files import (
    make_folder,
    remove_unfinished,
    write_beside,
    write_bytes,
    write_json,
    write_text,
)


def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ValueError, match="loop: its links lead in a circle"):
        write_text(tmp_path / "loop", "")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_and_nothing_else(tmp_path, error):
    """A full disk was reported without a name, and left what had been written of the file."""
    write_json(tmp_path / "file.json", 1)

    def write(beside):
        beside.write_text("half")
        raise error

    with pytest.raises((ValueError, KeyboardInterrupt)) as caught:
        write_beside(tmp_path / "file.json", write)
    if isinstance(error, OSError):
        assert str(caught.value) == f"{tmp_path}/file.json: cannot be written (No space left on device)"
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]
    assert (tmp_path / "file.json").read_text() == "1\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("folder", "folder: is a folder; choose another name"),
        ("pipe", "pipe: is no plain file; choose another name"),
        ("absent/file", r"absent/file: cannot be written \(No such file or directory\)"),
        ("file/below", r"file/below: cannot be written \(Not a directory\)"),
        ("x" * 300, r"x: cannot be written \(File name too long\)"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=says):
        write_text(tmp_path / name, "")
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file", "pipe"}


def test_a_long_name_is_as_good_as_any(tmp_path):
    write_text(tmp_path / ("x" * 250 + ".json"), "")


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    """Both wrote into one .part file, and one of them lost it."""
    failed = []

    def work(letter):
        for _ in range(20):
            try:
                write_bytes(tmp_path / "file", letter * 100_000)
            except ValueError as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and len(set((tmp_path / "file").read_bytes())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_killed_writers_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_unlink", lambda path: None)
    monkeypatch.setattr(os, "replace", lambda *_: None)
    write_text(tmp_path / "file.png", "half")
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / ".mine.png").touch()
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".mine.png"]


def test_folders(tmp_path):
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file: cannot be written \(File exists\)"):
        make_folder(tmp_path / "file")
    with pytest.raises(ValueError, match=r"file/below: cannot be written \(Not a directory\)"):
        make_folder(tmp_path / "file" / "below")
