# SPDX-License-Identifier: Apache-2.0
"""The register map: consistent in itself, and said the same by RTL and driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpgan.hw.driver import registers as driver_registers
from fpgan.hw.host import registers
from fpgan.hw.sources import rtl_file


def test_offsets_are_words_in_order_and_fields_do_not_overlap():
    offsets = [register.offset for register in registers.REGISTERS]
    assert offsets == [4 * i for i in range(0, offsets[-1] // 4 + 1)]
    assert offsets[-1] < registers.IN_WINDOW
    for register in registers.REGISTERS:
        used = [bit for _, low, bits in register.fields for bit in range(low, low + bits)]
        assert len(used) == len(set(used)) and all(bit < 32 for bit in used), register.name


def test_rtl_package_is_that_of_the_map():
    assert rtl_file("host_pkg.sv").read_text() == registers.sv_package()


def test_driver_module_is_that_of_the_map():
    assert Path(driver_registers.__file__).read_text(encoding="utf-8") == registers.driver_module()
    assert {r.name: r.offset for r in registers.REGISTERS} == driver_registers.REGISTERS


def test_c_header_is_that_of_the_map():
    header = Path(driver_registers.__file__).parent / "c" / "fpgan_regs.h"
    assert header.read_text(encoding="utf-8") == registers.c_header()


def test_encode():
    assert registers.encode("CONTROL", START=1, SINK=2) == 0x81
    with pytest.raises(ValueError, match=r"IMAGE_SHAPE.CHANNELS=256: must be 0 to 255"):
        registers.encode("IMAGE_SHAPE", CHANNELS=256)
