# SPDX-License-Identifier: Apache-2.0
"""A folder is the old one or the new one, whatever happens; one process writes it; failures are one line."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import old_or_new
import pytest
from namespaces import in_namespace, mount
from old_or_new import KNOWN, hidden, kind_of, write

from fpgan.hw.system import folders
from fpgan.hw.system.folders import check_replaceable, only_writer, replaced_folder


def test_the_new_takes_the_place_of_the_old(tmp_path):
    out = tmp_path / "deep" / "out"
    write(out, "old")
    write(out, "new")
    assert kind_of(out) == "new" and hidden(out) == hidden(out.parent) == []


@pytest.mark.parametrize("inside", [False, True])
def test_an_error_leaves_the_old(tmp_path, monkeypatch, inside):
    write(tmp_path / "out", "old")
    if inside:
        monkeypatch.setattr(folders, "_can_be_renamed", lambda *_: False)
    with pytest.raises(KeyError), replaced_folder(tmp_path / "out", "file", KNOWN) as partial:
        (partial / "file").write_text("new")
        raise KeyError
    assert kind_of(tmp_path / "out") == "old" and hidden(tmp_path) == hidden(tmp_path / "out") == []


def test_errors_about_other_files_are_not_of_the_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"), replaced_folder(tmp_path / "out", "file"):
        (tmp_path / "absent").read_text()
    with pytest.raises(ValueError, match=r"cannot be written \(No such file"):  # noqa: SIM117
        with replaced_folder(tmp_path / "out", "file") as partial:
            (partial / "absent" / "file").write_text("")
    with pytest.raises(ValueError, match=r"out: cannot be written \(No space left on device\)$"):  # noqa: SIM117
        with replaced_folder(tmp_path / "out", "file"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "of the file that was copied")
    assert list(tmp_path.iterdir()) == []


def test_what_others_put_there_stays(tmp_path):
    out = tmp_path / "out"
    write(out, "old")
    (out / "thesis").write_text("")
    with pytest.raises(ValueError, match="holds thesis, not written by fpgan"):
        write(out, "new")
    (out / "thesis").unlink()
    with pytest.raises(ValueError, match="holds thesis"), replaced_folder(out, "file", KNOWN) as partial:
        (partial / "file").write_text("new")
        (out / "thesis").write_text("")  # while the new one is being written
    (out / "thesis").unlink()
    assert kind_of(out) == "old"
    (out / "file").unlink()
    with pytest.raises(ValueError, match="has no file"):
        write(out, "new")


def test_links_are_followed(tmp_path):
    """Such a link was swapped for a folder, and what it had led to was emptied by the next writer."""
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    write(link, "old")
    write(link, "new")
    assert link.is_symlink() and kind_of(real) == "new"
    (real / "thesis").write_text("")
    with pytest.raises(ValueError, match="link: holds thesis"):
        write(link, "new")
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(ValueError, match="circle"):
        write(link, "new")


def test_a_link_in_the_place_of_the_hidden_folder_is_not_followed(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis").write_text("")
    (tmp_path / ".out.fpgan-new").symlink_to(tmp_path / "precious")
    with pytest.raises(ValueError, match="cannot be written"):
        write(tmp_path / "out", "new")
    assert (tmp_path / "precious" / "thesis").exists()


@pytest.mark.parametrize("inside", [False, True])
def test_the_second_writer_says_so(tmp_path, monkeypatch, inside):
    write(tmp_path / "out", "old")
    if inside:
        monkeypatch.setattr(folders, "_can_be_renamed", lambda *_: False)
    busy = pytest.raises(ValueError, match="another process is writing it")
    with replaced_folder(tmp_path / "out", "file", KNOWN) as partial:
        with busy:
            write(tmp_path / "out", "new")
        (partial / "file").write_text("")
    with replaced_folder(tmp_path / "absent", "file"), busy:
        write(tmp_path / "absent", "new")

    with only_writer(tmp_path / "out"), busy:
        write(tmp_path / "out", "new")


def test_a_process_that_was_forked_off_holds_no_lock(tmp_path):
    """As the loaders of a training that was killed live on for seconds."""
    ready, say_ready = os.pipe()
    wait, stop = os.pipe()
    child = os.fork()
    if child == 0:
        with only_writer(tmp_path):
            if os.fork() == 0:
                os.close(stop)
                os.write(say_ready, b"x")
                os.read(wait, 1)
                os._exit(0)
            os.read(ready, 1)
            os._exit(1)
    os.waitpid(child, 0)
    with only_writer(tmp_path):
        pass
    for descriptor in (ready, say_ready, wait, stop):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("inside", "seen"), [((), "new newer old"), (("inside",), "None new newer old")], ids=["beside", "inside"]
)
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path, inside, seen):
    """Killed, then its successor killed while that mends; a third writer mends, and fails in its body."""
    done = subprocess.run(
        [sys.executable, old_or_new.__file__, str(tmp_path), "7", *inside],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    count, _, kinds = done.stdout.strip().partition(" ")
    assert int(count) > 40 and kinds == seen


def test_an_error_at_any_step_leaves_the_old(tmp_path, monkeypatch):
    """Where the system refuses a rename in the middle, all that was moved goes back."""
    monkeypatch.setattr(folders, "_can_be_renamed", lambda *_: False)
    write(tmp_path / "out", "old")
    move = folders._move
    for step in range(7):
        count = itertools.count()

        def refused(*arguments, count=count, step=step):
            if next(count) == step:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            move(*arguments)

        monkeypatch.setattr(folders, "_move", refused)
        with pytest.raises(ValueError, match=r"cannot be written \(Input/output error"):
            write(tmp_path / "out", "new")
        assert kind_of(tmp_path / "out") == "old" and hidden(tmp_path / "out") == []
    monkeypatch.setattr(folders, "_move", move)
    write(tmp_path / "out", "new")
    assert kind_of(tmp_path / "out") == "new"


def test_a_signal_comes_after_the_swap(tmp_path, monkeypatch):
    """Ctrl-C in the middle of the renames would leave a folder without a marker.

    Another thread is there, which the system may give the signal to.
    """
    wait = threading.Event()
    threading.Thread(target=wait.wait).start()
    monkeypatch.setattr(folders, "_can_be_renamed", lambda *_: False)
    write(tmp_path / "out", "old")
    move = folders._move

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        move(*arguments)

    monkeypatch.setattr(folders, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", "new")
    wait.set()
    assert kind_of(tmp_path / "out") == "new"


def test_without_a_swap_in_the_system(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    write(tmp_path / "out", "old")
    write(tmp_path / "out", "new")
    assert kind_of(tmp_path / "out") == "new" and hidden(tmp_path) == hidden(tmp_path / "out") == []


def test_a_killed_writer_leaves_the_old_and_no_lock(tmp_path):
    write(tmp_path / "out", "old")
    code = """
import os, signal, sys
from pathlib import Path
from fpgan.hw.system.folders import replaced_folder
with replaced_folder(Path(sys.argv[1]), "file") as partial:
    (partial / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False)
    assert done.returncode == -signal.SIGKILL and kind_of(tmp_path / "out") == "old"
    write(tmp_path / "out", "new")
    assert kind_of(tmp_path / "out") == "new" and hidden(tmp_path) == []


def test_check_does_not_stop_the_writer_that_mends(tmp_path):
    """A command asks early whether it may replace; where a kill has left no marker, the answer is yes."""
    (tmp_path / ".fpgan-moving").mkdir()
    (tmp_path / ".fpgan-moving" / "file").write_text("old")
    (tmp_path / "old1").write_text("old")
    check_replaceable(tmp_path, "file", KNOWN)


def seen(out):
    """What is in a folder, and hidden ones beside it."""
    names = sorted(path.name for path in out.iterdir())
    return [(out / "file").read_text(), *names, *hidden(out.parent)]


def refusal(out, size=1):
    """What write says where it cannot."""
    with pytest.raises(ValueError) as caught, replaced_folder(out, "file", KNOWN) as partial:
        (partial / "file").write_text("none" * size)
    return str(caught.value)


def test_mount_points(tmp_path):
    """A volume, a bind mount of the same disk, a parent that is read-only, a full disk, a read-only one.

    The build in such a folder was deleted and nothing written.
    """

    def work():
        mount("-t", "tmpfs", "tmpfs", tmp_path)
        outs = volume, same, closed, full = [tmp_path / name for name in ("volume", "same", "ro/out", "full")]
        for out in outs:
            out.mkdir(parents=True)
        mount("-t", "tmpfs", "tmpfs", volume)
        (volume / "lost+found").mkdir()
        mount("--bind", same, same)
        for path in (closed.parent, closed):
            mount("--bind", path, path)
        mount("-o", "remount,bind,ro", closed.parent)
        mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", full)
        found = []
        for out in outs:
            write(out, "old")
            write(out, "new")
            found.append(seen(out))
        found += [refusal(full, size=100_000), seen(full)]
        os.chdir(volume)
        write(Path("."), "newer")
        found.append(seen(volume))
        mount("-o", "remount,ro", full)
        return [*found, refusal(full), seen(full)]

    new = ["new", "file", "new1", "same"]
    volume, same, closed, full, no_room, as_before, here, read_only, still = in_namespace(work)
    assert volume == ["new", "file", "lost+found", "new1", "same"]
    assert same == closed == full == as_before == still == new
    assert no_room.endswith("full: cannot be written (No space left on device)")
    assert here == ["newer", "file", "lost+found", "newer1", "same"]
    assert "full: cannot be written (Read-only file system" in read_only
