# SPDX-License-Identifier: Apache-2.0
"""FASM -> .bit -> FASM. The stored bitstream is of prjxray's own fasm2frames and xc7frames2bit.

Would catch: a bit that is set, cleared or placed differently from them, a packet that differs, a name of the
machine in a header.
"""

from __future__ import annotations

import subprocess

import pytest

from fpgan.build.implement.xc7.assemble import assemble, frames_of
from fpgan.build.implement.xc7.database import find_database
from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.tools import ToolError, find_tool

PART = "xc7z010clg400-1"
_DATA = b"\xff" * 32  # where a bitstream's words begin


def words(bit: bytes) -> bytes:
    return bit[bit.index(_DATA) :]


def fasm(stored) -> str:
    """All that the bitstream holds, as FASM."""
    return "\n".join(f"{tile}.{name}" for tile, found in stored.decoded.features.items() for name in found)


def test_the_stored_bitstream_comes_back_byte_for_byte(stored):
    made = assemble(fasm(stored), stored.database, "fpgan")
    same = words(made) == words(stored.bit.read_bytes())
    assert same  # without pytest's comparison of megabytes
    header = made[: made.index(_DATA)]
    assert b"fpgan\0" in header and b"xc7z010clg400-1\0" in header and b"/tmp" not in header


def test_vectors_and_comments(stored):
    tile = next(name for name in stored.decoded.features if name.startswith("CLBLL_L"))
    whole = frames_of(f"{tile}.SLICEL_X0.ALUT.INIT[63:0] = 64'b{'10' * 32}  # even ones", stored.database)
    lines = "\n".join(f"\n{tile}.SLICEL_X0.ALUT.INIT[{i}]" for i in range(1, 64, 2))
    assert (whole == frames_of(lines, stored.database)).all() and whole.any()
    part = frames_of(f"{tile}.SLICEL_X0.ALUT.INIT[7:4] = 4'hA", stored.database)
    bits = [f"{tile}.SLICEL_X0.ALUT.INIT[{i}]" for i in (7, 5)]
    assert (part == frames_of("\n".join(bits), stored.database)).all()
    off = frames_of(f"{tile}.SLICEL_X0.ALUT.INIT[5] = 0\n{tile}.SLICEL_X0.FFSYNC = 0", stored.database)
    assert (off == frames_of("", stored.database)).all()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("what is this", "'what is this' is no line of FASM"),
        ("CLBLL_L_X999Y1.SLICEL_X0.FFSYNC", "xc7z010clg400-1 has no tile CLBLL_L_X999Y1"),
        ("{clb}.SLICEL_X0.NOTHING", "the database knows no such feature of CLBLL_L"),
        ("{clb}.SLICEL_X0.ALUT.INIT[64]", "the database knows no such feature of CLBLL_L"),
        ("{clb}.SLICEL_X0.ALUT.INIT[1:0] = 3'b111", "has more bits than its range"),
        ("{clb}.SLICEL_X0.AFFMUX.O6\n{clb}.SLICEL_X0.AFFMUX.O5", "exclude each other"),
    ],
)
def test_what_is_refused_is_one_line(stored, line, message):
    clb = next(name for name in stored.decoded.features if name.startswith("CLBLL_L"))
    with pytest.raises(ValueError, match=message) as caught:
        frames_of(line.format(clb=clb), stored.database)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["mapping/parts.yaml", f"{PART}/part.json", "xc7z010/tilegrid.json", "xc7z010/tileconn.json",
     "tile_type_INT_L.json", "segbits_int_l.db", "site_type_SLICEL.json"],
)  # fmt: skip
def test_a_damaged_database_is_one_line(stored, tmp_path, name):
    """A file missing, cut in half, and no text."""
    root = stored.database.root
    for path in root.rglob("*"):
        if path.is_file():
            (tmp_path / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path.relative_to(root)).symlink_to(path)
    content = (root / name).read_bytes()
    for wrong in (None, content[: len(content) // 2], b"\xff"):
        (tmp_path / name).unlink(missing_ok=True)
        if wrong is not None:
            (tmp_path / name).write_bytes(wrong)
        if name.startswith("segbits") and wrong != b"\xff":
            continue  # a type of tile may have no bits, and a line is whole wherever it ends
        with pytest.raises((DamagedError, ToolError)) as caught:
            database = find_database(PART, tmp_path)
            assert database.part and database.tiles and database.connections
            assert database.tile_type("INT_L") and database.segbits("INT_L")
            database.is_output("SLICEL", "A")
        assert "\n" not in str(caught.value)


def test_where_no_database_is(monkeypatch, tmp_path):
    monkeypatch.delenv("PRJXRAY_DB_DIR", raising=False)
    with pytest.raises(ToolError, match="PRJXRAY_DB_DIR is not set"):
        find_database("xc7z020clg400-1")
    monkeypatch.setenv("PRJXRAY_DB_DIR", str(tmp_path))
    with pytest.raises(ToolError, match=r"has no zynq7/xc7z020clg400-1/part\.json"):
        find_database("xc7z020clg400-1")


@pytest.mark.openxc7
@pytest.mark.slow
def test_equal_to_the_tools_themselves(stored, tmp_path):
    """On the whole database, of all lines that the stored bitstream consists of."""
    try:
        database = find_database(PART)
    except ToolError as error:
        pytest.skip(str(error))
    programs = [find_tool(name) for name in ("fasm2frames", "xc7frames2bit")]
    if None in programs:
        pytest.skip("fasm2frames or xc7frames2bit is not found on PATH")
    (tmp_path / "a.fasm").write_text(fasm(stored))
    part = ["--part", database.name, "--db-root", str(database.root)]
    subprocess.run([programs[0], *part, "a.fasm", "a.frames"], cwd=tmp_path, check=True)
    part = ["--part_file", str(database.root / database.name / "part.yaml"), "--part_name", database.name]
    files = ["--frm_file", "a.frames", "--output_file", "a.bit"]
    subprocess.run([programs[1], *part, *files], cwd=tmp_path, check=True)
    same = words(assemble(fasm(stored), database, "a")) == words((tmp_path / "a.bit").read_bytes())
    assert same
