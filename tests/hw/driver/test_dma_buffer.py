# SPDX-License-Identifier: Apache-2.0
"""Memory of u-dma-buf on files in its place: who has which stretch, and what the kernel is told of caches."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fpgan.hw.driver import AcceleratorError, DmaBuffer, NoMemoryError
from fpgan.hw.system.children import run

PAGE = 4096


@pytest.fixture
def root(tmp_path):
    """A device of four pages at 0x1F400000."""
    attributes = tmp_path / "sys/class/u-dma-buf/udmabuf0"
    attributes.mkdir(parents=True)
    (attributes / "phys_addr").write_text("0x000000001f400000\n")
    (attributes / "size").write_text(f"{4 * PAGE}\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/udmabuf0").write_bytes(bytes(4 * PAGE))
    return tmp_path


def told(root, owner):
    return (root / f"sys/class/u-dma-buf/udmabuf0/sync_for_{owner}").read_text()


def test_a_buffer_gives_back_its_stretch(root):
    """A driver that lives long would use the device up; so would a notebook."""
    first, second = DmaBuffer(2 * PAGE, root=root), DmaBuffer(100, root=root)
    assert (first.address, second.address) == (0x1F400000, 0x1F402000)
    message = rf"udmabuf0 has {4 * PAGE} bytes, but no {2 * PAGE} of them in a row that are free$"
    with pytest.raises(AcceleratorError, match=message):
        DmaBuffer(PAGE + 1, root=root)
    del first
    assert DmaBuffer(PAGE + 1, root=root).address == 0x1F400000


_OTHER = """
import sys
from pathlib import Path
from fpgan.hw.driver import DmaBuffer
print(hex(DmaBuffer(1, root=Path(sys.argv[1])).address))
"""


def test_no_two_programs_share_a_stretch(root):
    first = DmaBuffer(PAGE, root=root)
    found = run([sys.executable, "-c", _OTHER, str(root)], root, root / "log", "other")
    assert first.address == 0x1F400000 and found.strip() == "0x1f401000"


def test_caches_are_cleaned_and_dropped(root):
    """0xOFFSETSIZE with way and command in the size's low bits, as u-dma-buf takes it."""
    first, buffer = DmaBuffer(PAGE, root=root), DmaBuffer(PAGE + 1, root=root)
    assert told(root, "device") == "0x0000100000002001" and first.address  # both ways: what others left
    buffer.array[:3] = [1, 2, 3]
    buffer.flush()
    assert told(root, "device") == "0x0000100000002005"
    assert not Path(root, "sys/class/u-dma-buf/udmabuf0/sync_for_cpu").exists()
    buffer.invalidate()
    assert told(root, "cpu") == "0x0000100000002009"
    assert (root / "dev/udmabuf0").read_bytes()[PAGE : PAGE + 3] == bytes([1, 2, 3])


def test_the_processors_view_is_cached(root, monkeypatch):
    """O_SYNC would make it a device's on arm64, where a copy that is not aligned ends the program."""
    opened, real = [], os.open
    monkeypatch.setattr(
        "os.open", lambda path, flags, *rest: opened.append(flags) or real(path, flags, *rest)
    )
    DmaBuffer(PAGE, root=root)
    assert opened and not any(flags & os.O_SYNC for flags in opened)


def test_what_is_missing_is_one_line(root):
    attribute = root / "sys/class/u-dma-buf/udmabuf0/sync_for_device"
    attribute.mkdir()
    with pytest.raises(AcceleratorError, match=r"sync_for_device: cannot be written .*; are you root\?$"):
        DmaBuffer(1, root=root)
    (root / "dev/udmabuf0").unlink()
    with pytest.raises(AcceleratorError, match=rf"udmabuf0: {PAGE} bytes cannot be mapped \(.*No such file"):
        DmaBuffer(1, root=root)
    (root / "sys/class/u-dma-buf/udmabuf0/size").unlink()
    with pytest.raises(
        NoMemoryError, match=r"^no memory: neither pynq nor .*/dev/udmabuf0 is there; use mem"
    ):
        DmaBuffer(1, root=root)
