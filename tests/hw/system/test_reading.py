# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile files: one error, one line, at once and without much memory."""

from __future__ import annotations

import json
import os
import struct
import zipfile

import numpy as np
import pytest

from fpgan.hw.system.reading import DamagedError, parse_yaml, read_arrays, read_json, read_text, read_yaml


def refused(read, path, says):
    with pytest.raises(DamagedError, match=says) as caught:
        read(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("read", [read_text, read_json, read_yaml, read_arrays])
def test_what_is_no_plain_file(tmp_path, read):
    """A pipe was waited for."""
    os.mkfifo(tmp_path / "pipe")
    refused(read, tmp_path / "pipe", "is no plain file")
    refused(read, tmp_path, "is no plain file")
    refused(read, tmp_path / "absent", "does not exist")
    refused(read, tmp_path / ("x" * 300), "cannot be read")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    refused(read, tmp_path / "huge", "has 1099511627776 bytes, at most")
    with pytest.raises(DamagedError, match=r"absent: does not exist; make it$"):
        read(tmp_path / "absent", "make it")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is damaged: no JSON at line 1"),
        (b'{\n"a": ', "is damaged: no JSON at line 2"),
        (b"[]", "is damaged: holds a list, no object"),
        (b"null", "is damaged: holds a NoneType, no object"),
        (b"[" * 100_000, "is damaged: no JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "is damaged: no JSON"),
        (b"\xff", "is no UTF-8 text"),
        (b'{"a": "\\uD800"}', "is damaged: holds half a character"),
    ],
)
def test_json(tmp_path, text, says):
    (tmp_path / "x").write_bytes(text)
    refused(read_json, tmp_path / "x", says)


LAUGHS = "\n".join(["a0: &a0 [x,x]", *(f"a{i}: &a{i} [*a{i - 1},*a{i - 1}]" for i in range(1, 60))])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{a: " * 20_000, "nested more than 64 levels deep"),
        ("[" * 70 + "]" * 70, "nested more than 64 levels deep"),
        ("&a [*a]", "nested more than 64 levels deep"),
        (LAUGHS, "more than 1048576 values"),
        ("a: 1" + "0" * 5000, "is not YAML"),
        ("!!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: 2001-99-99", "is not YAML"),
        ("a: !!timestamp b", "is not YAML"),
        ("a: b: c", r"is not YAML at line 1 \(mapping values are not allowed here\)"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_yaml(text, says):
    with pytest.raises(DamagedError, match=says):
        parse_yaml(text, "x")


def test_yaml_as_it_should_be(tmp_path):
    (tmp_path / "x").write_text("a: &a [1, 2.5, x]\nb: *a\n")
    assert read_yaml(tmp_path / "x") == {"a": [1, 2.5, "x"], "b": [1, 2.5, "x"]}


def test_arrays_as_they_were_saved(tmp_path):
    arrays = {
        "whole": np.arange(12, dtype=np.int8).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "scalar": np.float64(3),
        "none": np.zeros((0, 3)),
        "text": np.array("digits"),
    }
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    np.save(tmp_path / "x.npy", arrays["fortran"])
    found = read_arrays(tmp_path / "x.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(found[name], array) and found[name].dtype == array.dtype
        assert found[name].shape == array.shape
    assert np.array_equal(read_arrays(tmp_path / "x.npy")[""], arrays["fortran"])


def npy(shape, dtype="<f4", version=(1, 0)):
    """The header of an array, without its data."""
    header = f"{{'descr':{dtype!r},'fortran_order':False,'shape':{shape}}}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(header)) + header


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (npy((1 << 40, 8)), "declares shape .*, 35184372088832 bytes"),
        (npy((-1, 8)), "declares shape"),
        (npy((1,), "|O"), "holds object, neither numbers nor text"),
        (npy((1,), "|V8"), "neither numbers nor text"),
        (npy((1,), version=(3, 0)), r"of \.npy version 3\.0"),
        (npy((4,)) + b"abc", "it is cut short"),
        (npy((40,)) + b"abc", r"declares shape \(40,\), 160 bytes"),
        (npy("()*9"), "is damaged"),
        (b"\x93NUMPY", "is damaged"),
        (b"", "is damaged"),
    ],
)
def test_arrays(tmp_path, content, says):
    """Arrays that declare 2^40 rows were asked memory for."""
    (tmp_path / "x.npy").write_bytes(content)
    refused(read_arrays, tmp_path / "x.npy", says)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("latent.npy", content)
    refused(read_arrays, tmp_path / "x.npz", "is damaged")


def test_archives_cut_and_flipped(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", a=np.random.default_rng(0).integers(0, 9, 500))
    content = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(content[: rng.integers(len(content))] if rng.random() < 0.3 else content)
        for _ in range(3 * bool(damaged)):
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        (tmp_path / "x.npz").write_bytes(damaged)
        try:
            read_arrays(tmp_path / "x.npz")
        except DamagedError as error:
            assert "\n" not in str(error)


def test_a_duplicate_is_no_traceback(tmp_path):
    (tmp_path / "x").write_text(json.dumps({"a": 1})[:-1] + ', "a": 2}')
    assert read_json(tmp_path / "x") == {"a": 2}
    (tmp_path / "x").write_text('{"a": "\\ud83d\\ude00"}')
    assert read_json(tmp_path / "x") == {"a": "\U0001f600"}
